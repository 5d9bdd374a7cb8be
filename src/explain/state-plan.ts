/**
 * Owns: where the eleven states stand in the diagram, and the way of each arrow: as in RFC 9293 figure 5, opening on top, closing
 * below, whoever closes first on the left. CLOSED is there twice, as in the figure: where a connection begins and where it ends. An arrow that
 * leads to CLOSED from the midst of things is a stub. Leaves to others: how it looks (`state-diagram.ts`).
 */

import type { StateName } from '../trace/events.ts';

/** A state's box; the second CLOSED is the end. */
export type Place = StateName | 'END';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export type Point = readonly [x: number, y: number];

/** An arrow's way, corner by corner; where its number stands, and its text. */
export interface Route {
  readonly points: readonly Point[];
  /** It ends in a ring, which stands for CLOSED. */
  readonly stub: boolean;
  readonly badge: Point;
  readonly text: TextPlace;
}

/** Where a text of some lines begins: its first line's base. */
export interface TextPlace {
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'middle' | 'end';
  /** Columns after which it is broken. */
  readonly columns: number;
}

/** Sizes of the large diagram, with room for texts, and of the one for a side column. */
export interface Measures {
  readonly width: number;
  readonly height: number;
  readonly font: number;
  readonly boxHeight: number;
  /** Of a box, besides its text. */
  readonly padding: number;
  /** Of the three columns and the seven rows. */
  readonly columns: readonly [number, number, number];
  readonly rows: readonly [number, number, number, number, number, number, number];
  /** What ports and stubs are measured in. */
  readonly unit: number;
  readonly stub: number;
}

export const LARGE: Measures = {
  width: 880,
  height: 704,
  font: 13,
  boxHeight: 32,
  padding: 20,
  columns: [255, 470, 690],
  rows: [40, 130, 235, 345, 455, 555, 645],
  unit: 1.9,
  stub: 30,
};

export const COMPACT: Measures = {
  width: 274,
  height: 322,
  font: 10.5,
  boxHeight: 21,
  padding: 9,
  columns: [69, 141, 218],
  rows: [15, 61, 109, 155, 205, 255, 297],
  unit: 1,
  stub: 11,
};

/** Column and row of each. */
const GRID: Readonly<Record<Place, readonly [number, number]>> = {
  CLOSED: [1, 0],
  LISTEN: [0, 1],
  'SYN-SENT': [2, 1],
  'SYN-RECEIVED': [0, 2],
  ESTABLISHED: [1, 3],
  'FIN-WAIT-1': [0, 4],
  'CLOSE-WAIT': [2, 4],
  'FIN-WAIT-2': [0, 5],
  CLOSING: [1, 5],
  'LAST-ACK': [2, 5],
  'TIME-WAIT': [1, 6],
  END: [2, 6],
};

export const PLACES: readonly Place[] = Object.keys(GRID) as Place[];

/** Of the monospaced type. */
const CHARACTER = 0.6;

export function boxOf(place: Place, { columns, rows, font, padding, boxHeight }: Measures): Box {
  const [column, row] = GRID[place];
  const name = place === 'END' ? 'CLOSED' : place;
  return {
    x: columns[column]!,
    y: rows[row]!,
    width: name.length * font * CHARACTER + padding,
    height: boxHeight,
  };
}

/** A place on a box's edge: the side, and how far from its middle, to the right or downwards. */
type Port = readonly [place: Place, side: 't' | 'b' | 'l' | 'r', along: number];

interface Way {
  readonly from: Port;
  /** Null for a stub, which goes outwards. */
  readonly to: Port | null;
  /** Corners between, from the sizes. */
  readonly via?: (measures: Measures) => readonly Point[];
  /** Share of the way at which the number stands. Default one half. */
  readonly badge?: number;
  /** Where the text stands: share of the way, and from there. */
  readonly text: readonly [share: number, dx: number, dy: number, anchor: TextPlace['anchor'], columns: number];
}

const WAYS: Readonly<Record<string, Way>> = {
  'CLOSED LISTEN': { from: ['CLOSED', 'b', -14], to: ['LISTEN', 't', 14], text: [0.72, 14, 10, 'start', 20] },
  'CLOSED SYN-SENT': { from: ['CLOSED', 'b', 14], to: ['SYN-SENT', 't', -16], text: [0.5, -16, 16, 'end', 20] },
  'LISTEN CLOSED': { from: ['LISTEN', 't', -6], to: ['CLOSED', 'l', 0], text: [0.5, -14, -10, 'end', 20] },
  'SYN-SENT CLOSED': { from: ['SYN-SENT', 't', 6], to: ['CLOSED', 'r', 0], text: [0.5, 16, -10, 'start', 20] },
  'LISTEN SYN-SENT': { from: ['LISTEN', 'r', 0], to: ['SYN-SENT', 'l', 0], text: [0.5, 0, -9, 'middle', 40] },
  'LISTEN SYN-RECEIVED': {
    from: ['LISTEN', 'b', -10],
    to: ['SYN-RECEIVED', 't', -10],
    text: [0.5, -15, 0, 'end', 10],
  },
  'SYN-RECEIVED LISTEN': {
    from: ['SYN-RECEIVED', 't', 10],
    to: ['LISTEN', 'b', 10],
    text: [0.5, 15, 0, 'start', 14],
  },
  'SYN-SENT SYN-RECEIVED': {
    from: ['SYN-SENT', 'b', -14],
    to: ['SYN-RECEIVED', 'r', -3],
    text: [0.5, 8, 20, 'start', 22],
  },
  'SYN-SENT ESTABLISHED': {
    from: ['SYN-SENT', 'b', 6],
    to: ['ESTABLISHED', 't', 24],
    text: [0.5, 14, 8, 'start', 18],
  },
  'SYN-RECEIVED ESTABLISHED': {
    from: ['SYN-RECEIVED', 'b', 24],
    to: ['ESTABLISHED', 't', -22],
    text: [0.5, 14, -8, 'start', 22],
  },
  'SYN-RECEIVED FIN-WAIT-1': {
    from: ['SYN-RECEIVED', 'b', -12],
    to: ['FIN-WAIT-1', 't', -12],
    text: [0.5, -15, 4, 'end', 12],
  },
  'SYN-RECEIVED CLOSED': { from: ['SYN-RECEIVED', 'l', -5], to: null, text: [1, -13, -4, 'end', 16] },
  'ESTABLISHED FIN-WAIT-1': {
    from: ['ESTABLISHED', 'b', -20],
    to: ['FIN-WAIT-1', 't', 20],
    text: [0.5, 14, 18, 'start', 14],
  },
  'ESTABLISHED CLOSE-WAIT': {
    from: ['ESTABLISHED', 'b', 20],
    to: ['CLOSE-WAIT', 't', -14],
    text: [0.5, 16, -6, 'start', 16],
  },
  'ESTABLISHED CLOSED': { from: ['ESTABLISHED', 'r', 0], to: null, text: [1, 13, 4, 'start', 22] },
  'FIN-WAIT-1 FIN-WAIT-2': {
    from: ['FIN-WAIT-1', 'b', -12],
    to: ['FIN-WAIT-2', 't', -12],
    text: [0.5, -15, 4, 'end', 16],
  },
  'FIN-WAIT-1 CLOSING': { from: ['FIN-WAIT-1', 'r', 3], to: ['CLOSING', 't', -4], text: [0.5, 14, -8, 'start', 22] },
  'FIN-WAIT-1 TIME-WAIT': {
    from: ['FIN-WAIT-1', 'b', 26],
    to: ['TIME-WAIT', 't', -20],
    via: ({ columns, rows, unit }) => {
      const x = (columns[0] + columns[1]) / 2 + 4 * unit;
      return [
        [x, rows[5] - 18 * unit],
        [x, rows[5] + 12 * unit],
      ];
    },
    badge: 0.75,
    text: [0.3, -14, 8, 'end', 12],
  },
  'FIN-WAIT-1 CLOSED': { from: ['FIN-WAIT-1', 'l', 0], to: null, text: [1, -13, 4, 'end', 14] },
  'FIN-WAIT-2 TIME-WAIT': {
    from: ['FIN-WAIT-2', 'b', 6],
    to: ['TIME-WAIT', 'l', -2],
    text: [0.45, -12, 18, 'end', 16],
  },
  'FIN-WAIT-2 CLOSED': { from: ['FIN-WAIT-2', 'l', 0], to: null, text: [1, -13, 0, 'end', 14] },
  'CLOSE-WAIT LAST-ACK': { from: ['CLOSE-WAIT', 'b', 0], to: ['LAST-ACK', 't', 0], text: [0.5, 15, 4, 'start', 14] },
  'CLOSE-WAIT CLOSED': { from: ['CLOSE-WAIT', 'r', 0], to: null, text: [1, 13, 0, 'start', 12] },
  'CLOSING TIME-WAIT': { from: ['CLOSING', 'b', 6], to: ['TIME-WAIT', 't', 6], text: [0.5, 15, 4, 'start', 16] },
  'CLOSING CLOSED': { from: ['CLOSING', 'r', 0], to: null, text: [1, 13, -4, 'start', 10] },
  'LAST-ACK CLOSED': { from: ['LAST-ACK', 'b', 0], to: ['END', 't', 0], text: [0.5, 15, 4, 'start', 18] },
  'TIME-WAIT CLOSED': { from: ['TIME-WAIT', 'r', 0], to: ['END', 'l', 0], text: [0.5, 0, 24, 'middle', 10] },
  'TIME-WAIT SYN-RECEIVED': {
    from: ['TIME-WAIT', 'b', 6],
    to: ['SYN-RECEIVED', 'l', 2],
    via: ({ columns, rows, unit }) => [
      [columns[1] + 6 * unit, rows[6] + 20 * unit],
      [5 * unit, rows[6] + 20 * unit],
      [5 * unit, rows[2] + 2 * unit],
    ],
    badge: 0.2,
    text: [0.69, 22, 0, 'start', 18],
  },
  'SYN-RECEIVED TIME-WAIT': {
    from: ['SYN-RECEIVED', 'l', 8],
    to: ['TIME-WAIT', 'b', -10],
    via: ({ columns, rows, unit }) => [
      [12 * unit, rows[2] + 8 * unit],
      [12 * unit, rows[6] + 15 * unit],
      [columns[1] - 10 * unit, rows[6] + 15 * unit],
    ],
    badge: 0.25,
    text: [0.222, 10, 0, 'start', 18],
  },
};

/** Whether an arrow has a way of its own; one without is a straight line. */
export function isPlanned(from: StateName, to: StateName): boolean {
  return `${from} ${to}` in WAYS;
}

/** The way of an arrow. */
export function routeOf(from: StateName, to: StateName, measures: Measures): Route {
  const way = WAYS[`${from} ${to}`] ?? straight(from, to);
  const begin = portOf(way.from, measures);
  if (way.to === null) {
    const step = (way.from[1] === 'l' ? -1 : 1) * measures.stub;
    const points: Point[] = [begin, [begin[0] + step, begin[1]]];
    return { points, stub: true, badge: alongOf(points, 1), text: textPlace(points, way.text) };
  }
  const points = [begin, ...(way.via?.(measures) ?? []), portOf(way.to, measures)];
  return { points, stub: false, badge: alongOf(points, way.badge ?? 0.5), text: textPlace(points, way.text) };
}

function straight(from: StateName, to: StateName): Way {
  const [upper, lower] = [GRID[from][1], GRID[to][1]];
  const [leaves, comes] = upper < lower ? (['b', 't'] as const) : (['t', 'b'] as const);
  return { from: [from, leaves, 0], to: [to, comes, 0], text: [0.5, 8, 0, 'start', 16] };
}

function portOf([place, side, along]: Port, measures: Measures): Point {
  const { x, y, width, height } = boxOf(place, measures);
  const off = along * measures.unit;
  switch (side) {
    case 't':
      return [x + off, y - height / 2];
    case 'b':
      return [x + off, y + height / 2];
    case 'l':
      return [x - width / 2, y + off];
    case 'r':
      return [x + width / 2, y + off];
  }
}

function textPlace(points: readonly Point[], [share, dx, dy, anchor, columns]: Way['text']): TextPlace {
  const [x, y] = alongOf(points, share);
  return { x: x + dx, y: y + dy, anchor, columns };
}

/** A share of a way. */
function alongOf(points: readonly Point[], share: number): Point {
  const lengths = points.slice(1).map(([x, y], i) => {
    const [x0, y0] = points[i]!;
    return Math.sqrt((x - x0) * (x - x0) + (y - y0) * (y - y0));
  });
  let left = share * lengths.reduce((sum, length) => sum + length, 0);
  for (const [i, length] of lengths.entries()) {
    const [[x0, y0], [x1, y1]] = [points[i]!, points[i + 1]!];
    if (left <= length) return [x0 + ((x1 - x0) * left) / length, y0 + ((y1 - y0) * left) / length];
    left -= length;
  }
  return points.at(-1)!;
}
