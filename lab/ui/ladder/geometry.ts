/**
 * Owns: the geometry of the run that is shown, for the width that there is: the package's layout, and what the page adds to it: how
 * far down each step stands, and which record each arrow is.
 */

import { computed, signal } from '@preact/signals';
import { type LadderArrow, type LadderLayout, ladderLayout, ladderTime, ladderY } from 'tsyn/trace';
import type { PacketRecord, Run } from '../../engine/types.ts';
import { language, run } from '../store.ts';

/** What of the page the ladder has, pixels; 0 until it is known. */
export const width = signal(0);

/** Width of a character of the texts on the ladder, pixels: on a small screen the type is smaller. */
export const character = computed(() => (width.value < 560 ? 6 : 7));
/** How far a packet falls on its way. */
const FALL = 64;
const CROWD = 5;
/** An arrow that falls further than this is steep; so is one that falls so many times as far as it goes, where lanes have room. */
const STEEP = 300;
const SLOPE = 1.3;
const ROOMY = 150;

export interface Arrow extends LadderArrow {
  readonly record: PacketRecord;
  /** Places in the trace: it is there from the one on, and its end is known from the other on. */
  readonly begins: number;
  readonly ends: number;
  /** It falls so far that only its two ends are drawn: among hundreds under way whole arrows could not be told apart. */
  readonly steep: boolean;
}

export interface Geometry {
  readonly layout: LadderLayout | null;
  /** By how far down they begin. */
  readonly arrows: readonly Arrow[];
  /** How far down the ladder each step stands, pixels, never rising. */
  readonly stepY: readonly number[];
}

/** Of runs that have been laid out, as they were then. */
const known = new WeakMap<Run, Geometry>();

/** How a run was when it was shown, or null. */
export function formerly(it: Run): Geometry | null {
  return known.get(it) ?? null;
}

const NOTHING: Geometry = { layout: null, arrows: [], stepY: [] };

export const geometry = computed<Geometry>(() => {
  const { value: it } = run;
  if (it === null || width.value === 0) return NOTHING;
  const layout = ladderLayout(it.events, {
    hosts: it.lanes,
    width: width.value,
    lang: language.value,
    character: character.value,
    // For `SYN-RECEIVED` in its pill: the lanes stay where they are, whatever happens.
    beside: 12 * character.value + 14,
    scale: scaleOf(it),
    timers: crowded(it) ? 'none' : 'main',
  });
  const arrows = arrowsOf(layout, it);
  const found = { layout, arrows, stepY: stepsOf(layout, arrows, it) };
  known.set(it, found);
  return found;
});

/** Whether a host has more connections at a time than there is room for bars. */
function crowded(it: Run): boolean {
  return it.views.some(({ view }) => view.connections.length > CROWD);
}

/** Pixels in a ms. */
function scaleOf(it: Run): number {
  return FALL / Math.max(1, it.settings.latency);
}

/** Copies have no number of their own in events: they come in the order of their records. */
function arrowsOf(layout: LadderLayout, it: Run): Arrow[] {
  const copies = new Map<number, PacketRecord[]>();
  for (const record of it.packets) {
    if (record.copyOf === null) continue;
    const others = copies.get(record.copyOf);
    if (others === undefined) copies.set(record.copyOf, [record]);
    else others.push(record);
  }
  return layout.arrows.flatMap((arrow) => {
    const record = arrow.marks.includes('copy') ? copies.get(arrow.packet)?.shift() : it.packets[arrow.packet - 1];
    if (record === undefined) return [];
    const { events, x1, y1, x2, y2 } = arrow;
    const [across, fall] = [Math.abs(x2 - x1), y2 - y1];
    const steep = fall > STEEP || (across > ROOMY && fall > SLOPE * across);
    return [{ ...arrow, record, begins: events[0] ?? 0, ends: events.at(-1) ?? 0, steep }];
  });
}

function stepsOf(layout: LadderLayout, arrows: readonly Arrow[], it: Run): number[] {
  const heights = new Map<number, number>();
  const lower = (event: number, y: number): void => {
    heights.set(event, Math.max(heights.get(event) ?? 0, y));
  };
  for (const { begins, ends, y1, y2, arrived } of arrows) {
    lower(begins, y1);
    if (arrived !== null) lower(ends, y2);
  }
  for (const { event, y } of layout.texts) lower(event, y);
  for (const { event, bottom } of layout.notes) lower(event, bottom);
  let y = 0;
  return it.steps.map(({ time, first, count }) => {
    y = Math.max(y, ladderY(layout, time));
    for (let event = first; event < first + count; event++) y = Math.max(y, heights.get(event) ?? 0);
    return y;
  });
}

/** The height of a time; below the last instant too. */
export function heightOf({ layout }: Geometry, it: Run, time: number): number {
  const last = layout?.stops.at(-1);
  if (!layout || last === undefined) return 0;
  return time > last.time ? last.bottom + (time - last.time) * scaleOf(it) : ladderY(layout, time);
}

/** The time of a height; below the last instant too. */
export function timeOf({ layout }: Geometry, it: Run, y: number): number {
  const last = layout?.stops.at(-1);
  if (!layout || last === undefined) return 0;
  return y > last.bottom ? last.time + (y - last.bottom) / scaleOf(it) : ladderTime(layout, y);
}
