/**
 * Owns: faults by dragging: what a movement means, and doing it when it ends. An arrow that is dragged out of the lanes is lost, one
 * dragged down is late, one dragged across the next is swapped with it, and with Alt held it is doubled; between the lanes a band is
 * where the network is cut; what comes from the shelf comes once more.
 *
 * Fingers do not drag: they scroll, and have the buttons below the ladder, and the menu by a long press.
 */

import { signal } from '@preact/signals';
import type { HostName, PacketRecord } from '../../engine/types.ts';
import { words } from '../../words/index.ts';
import { type Arrow, geometry, heightOf, timeOf } from '../ladder/geometry.ts';
import { now, run, selected } from '../store.ts';
import { act, cut, editable } from './actions.ts';
import { openMenu } from './menu.tsx';

/** What letting go now would do, and how it looks. Coordinates are the ladder's. */
export interface Drag {
  readonly kind: 'none' | 'lose' | 'duplicate' | 'delay' | 'swap' | 'inject' | 'partition';
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly line?: { readonly x1: number; readonly y1: number; readonly x2: number; readonly y2: number };
  readonly band?: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly commit: () => void;
}

export const dragged = signal<Drag | null>(null);

/** Pixels until a press is a drag; how far out of the lanes is out; how near to now is now. */
const BEGINS = 6;
const OUT = 28;
const NEAR = 14;
/** From this share of its way on an arrow is held by its head. */
const HEAD = 0.6;

interface Point {
  readonly x: number;
  readonly y: number;
  /** Over the bin, by what is under the pointer. */
  readonly bin: boolean;
  readonly inside: boolean;
  readonly alt: boolean;
}

/** Where the pointer is on the ladder. */
function pointOf(event: PointerEvent): Point {
  const picture = document.querySelector<SVGSVGElement>('.picture')!;
  const { left, top } = picture.getBoundingClientRect();
  const under = document.elementFromPoint(event.clientX, event.clientY);
  return {
    x: event.clientX - left,
    y: event.clientY - top,
    bin: under?.closest('[data-bin]') !== null && under !== null,
    inside: under?.closest('.ladder-view') !== null && under !== null,
    alt: event.altKey,
  };
}

function follow(event: PointerEvent, meaning: (start: Point, at: Point) => Drag): void {
  if (event.button !== 0 || event.pointerType === 'touch') return;
  const start = pointOf(event);
  const over = new AbortController();
  const { signal: until } = over;
  const end = (commit: boolean): void => {
    over.abort();
    const { value: last } = dragged;
    dragged.value = null;
    if (commit && last !== null) last.commit();
  };
  addEventListener(
    'pointermove',
    (moved) => {
      const at = pointOf(moved);
      if (dragged.value !== null || Math.hypot(at.x - start.x, at.y - start.y) >= BEGINS)
        dragged.value = meaning(start, at);
    },
    { signal: until },
  );
  addEventListener('pointerup', () => end(true), { signal: until });
  addEventListener('pointercancel', () => end(false), { signal: until });
  addEventListener('keydown', ({ key }) => key === 'Escape' && end(false), { signal: until });
}

function nothing({ x, y }: Point): Drag {
  return { kind: 'none', text: '', x, y, commit: () => {} };
}

/** Times that are chosen by hand are round. */
function round(ms: number): number {
  const grain = (run.value?.settings.latency ?? 0) < 20 ? 1 : 10;
  return Math.round(ms / grain) * grain;
}

// ---- An arrow ----

/** ms that a finger rests until the menu opens. */
const LONG = 500;

export function grab(event: PointerEvent, arrow: Arrow): void {
  selected.value = arrow.record.packet;
  if (event.pointerType === 'touch') rest(event, arrow);
  if (editable(arrow.record)) follow(event, (start, at) => meaningOf(arrow, start, at));
}

function rest(event: PointerEvent, { record }: Arrow): void {
  const element = event.target as SVGElement;
  const at = new DOMRect(event.clientX, event.clientY, 0, 0);
  const over = new AbortController();
  const { signal: until } = over;
  let open = false;
  const ask = (): void => {
    open = true;
    openMenu(record, at, element);
  };
  const wait = setTimeout(ask, LONG);
  const end = (): void => {
    clearTimeout(wait);
    over.abort();
  };
  addEventListener(
    'pointermove',
    ({ clientX, clientY }) => !open && Math.hypot(clientX - at.x, clientY - at.y) >= BEGINS && end(),
    { signal: until },
  );
  addEventListener('pointercancel', end, { signal: until });
  // The browser's own long press may be shorter.
  addEventListener('contextmenu', ask, { signal: until });
  addEventListener(
    'touchend',
    (lifted) => {
      end();
      if (!open) return;
      // No click comes of it, and where the menu has been closed by a finger that was lifted outside of it, it opens again.
      lifted.preventDefault();
      setTimeout(ask);
    },
    { signal: until },
  );
}

function meaningOf(arrow: Arrow, start: Point, at: Point): Drag {
  const { record } = arrow;
  const { drag } = words.value.faults;
  const { layout } = geometry.value;
  const [left, right] = [layout!.lanes[0]!.x, layout!.lanes.at(-1)!.x];
  const { x, y } = at;
  if (at.bin || x < left - OUT || x > right + OUT || !at.inside) {
    return {
      kind: 'lose',
      text: drag.lose,
      x,
      y,
      line: moved(arrow, x - start.x, y - start.y),
      commit: () => act('lose', record),
    };
  }
  const down = y - start.y;
  const by = laterBy(arrow, down);
  const late = { ...moved(arrow, 0, 0), y2: arrow.y2 + down };
  if (at.alt && by > 0) {
    return {
      kind: 'duplicate',
      text: drag.duplicate(by),
      x,
      y,
      line: late,
      commit: () => act('duplicate', record, by),
    };
  }
  const share = (start.x - arrow.x1) / (arrow.x2 - arrow.x1);
  if (share < HEAD && crosses(arrow, at)) {
    return { kind: 'swap', text: drag.swap, x, y, line: moved(arrow, 0, down), commit: () => act('swap', record) };
  }
  if (by <= 0) return nothing(at);
  return { kind: 'delay', text: drag.delay(by), x, y, line: late, commit: () => act('delay', record, by) };
}

function moved({ x1, y1, x2, y2 }: Arrow, dx: number, dy: number): NonNullable<Drag['line']> {
  return { x1: x1 + dx, y1: y1 + dy, x2: x2 + dx, y2: y2 + dy };
}

/** ms between its arrival, or what would have been it, and that many pixels below. */
function laterBy({ record }: Arrow, down: number): number {
  const it = run.value!;
  return round(timeOf(geometry.value, it, heightOf(geometry.value, it, record.arrives) + down) - record.arrives);
}

/** Whether the pointer is below the next arrow of the same direction. */
function crosses(arrow: Arrow, { x, y }: Point): boolean {
  const { arrows } = geometry.value;
  const next = arrows.find(
    ({ record, from, to }) =>
      from === arrow.from && to === arrow.to && record.copyOf === null && record.packet > arrow.record.packet,
  );
  if (next === undefined) return false;
  const share = (x - next.x1) / (next.x2 - next.x1);
  return y > next.y1 + (next.y2 - next.y1) * share;
}

// ---- Between the lanes ----

export function grabGap(event: PointerEvent): void {
  const { layout } = geometry.value;
  const [left, right] = [layout!.lanes[0]!.x, layout!.lanes.at(-1)!.x];
  const { x } = pointOf(event);
  if (x < left || x > right) return;
  event.preventDefault();
  const third = (right - left) / 3;
  const { lanes } = run.value!;
  const place = Math.min(2, Math.floor((x - left) / third));
  const host: HostName | null = place === 1 ? null : place === 0 ? lanes[0]! : lanes.at(-1)!;
  follow(event, (start, at) => {
    const [top, bottom] = [Math.min(start.y, at.y), Math.max(start.y, at.y)];
    const [from, until] = [timeAt(top), timeAt(bottom)];
    const band = {
      x: host === null ? left : left + place * third,
      y: top,
      width: host === null ? right - left : third,
      height: bottom - top,
    };
    if (until <= from) return { ...nothing(at), band };
    const text = words.value.faults.drag.partition(host, from, until);
    return { kind: 'partition', text, x: at.x, y: at.y, band, commit: () => cut(host, from, until) };
  });
}

/** The time of a height; near the reader's own time it is that. */
function timeAt(y: number): number {
  const it = run.value!;
  if (Math.abs(y - heightOf(geometry.value, it, now.value)) < NEAR) return now.value;
  return Math.max(0, round(timeOf(geometry.value, it, y)));
}

// ---- The shelf ----

/** A segment from the shelf is let go over the ladder: it comes at that time. */
export function grabOld(event: PointerEvent, packet: PacketRecord): void {
  follow(event, (_, at) => {
    if (!at.inside) return nothing(at);
    const time = timeAt(at.y);
    const { layout } = geometry.value;
    const x = new Map(layout!.lanes.map((lane) => [lane.host, lane.x]));
    const line = { x1: x.get(packet.from)!, y1: at.y - 12, x2: x.get(packet.to)!, y2: at.y };
    const text = words.value.faults.drag.inject(time);
    return { kind: 'inject', text, x: at.x, y: at.y, line, commit: () => act('inject', packet, time) };
  });
}
