/**
 * Owns: playing: how time passes for the reader. It passes evenly along the ladder, not by the clock, so that every arrow can be
 * read and an idle minute is as short as it is drawn.
 */

import { batch, computed, effect, signal } from '@preact/signals';
import { geometry } from '../ladder/geometry.ts';
import {
  type Breakpoint,
  breakpoints,
  current,
  cursor,
  forward,
  moveTo,
  noted,
  playing,
  run,
  speed,
  steps,
  toEnd,
} from '../store.ts';

/** Pixels of the ladder in a millisecond of the reader's, at speed 1. */
const PACE = 0.055;

/** At this speed and above it is drawn once in so many ms: there is more to draw, and nobody reads along. */
const FAST = 5;
const BEAT = 30;
/** And what is beside it, as when a key is held down, once in so many. */
const REST = 400;

/** A key is held down. */
export const held = signal(false);

/** How far down the ladder it has played, pixels, while it plays; null otherwise. */
export const head = signal<number | null>(null);

/** What there is in the step that happened last to halt at. */
function found(): ReadonlySet<Breakpoint> {
  const all = new Set<Breakpoint>();
  const step = current.value;
  const { events = [], packets = [] } = run.value ?? {};
  if (step === null) return all;
  for (const event of events.slice(step.first, step.first + step.count)) {
    if (event.type === 'state') all.add('state');
    else if (event.type === 'timer-fired') all.add('timer');
    else if (event.type === 'packet-lost' || event.type === 'packet-dropped') all.add('lost');
    else if (event.type === 'segment-sent') {
      if (event.retransmission) all.add('retransmission');
      if (packets[event.packet - 1]?.fate === 'lost') all.add('lost');
      if (event.segment.flags & 4) all.add('reset');
    }
  }
  return all;
}

function halts(wanted: ReadonlySet<Breakpoint>): boolean {
  if (wanted.size === 0) return false;
  const there = found();
  for (const one of wanted) if (there.has(one)) return true;
  return false;
}

/** Goes on to the next place to halt at: a breakpoint, or where none is set the next change of a state; else to the end. */
export function toNext(): void {
  const wanted = breakpoints.value.size > 0 ? breakpoints.value : new Set<Breakpoint>(['state']);
  playing.value = false;
  while (cursor.value < steps.value.length) {
    forward();
    if (halts(wanted)) return;
  }
}

/** Plays, from the start again if it is at the end. */
export function toggle(): void {
  if (!playing.value && cursor.value >= steps.value.length) moveTo(0);
  playing.value = !playing.value;
}

function advance(passed: number): void {
  const { stepY } = geometry.value;
  const from = head.value ?? stepY[cursor.value - 1] ?? 0;
  const to = from + passed * speed.value * PACE;
  while (cursor.value < steps.value.length && stepY[cursor.value]! <= to) {
    forward();
    if (halts(breakpoints.value)) playing.value = false;
    if (!playing.value) return;
  }
  if (cursor.value >= steps.value.length) toEnd();
  else head.value = to;
}

/** Where there is something to see now. */
function lookAtLadder(): void {
  document.getElementById('ladder')?.scrollIntoView({ block: 'nearest' });
}

/** Plays while `playing` is set. */
export function keepPlaying(): void {
  let shown = 0;
  effect(() => {
    const { value: at } = cursor;
    const time = performance.now();
    const hurried = held.value || (playing.value && speed.value >= FAST);
    if (hurried && time - shown < REST) return;
    shown = time;
    noted.count.value = at;
  });
  const begun = computed(() => cursor.value > 0);
  effect(() => {
    if (begun.value) lookAtLadder();
  });
  let frame = 0;
  let last = 0;
  const tick = (time: number): void => {
    if (time - last >= BEAT || speed.value < FAST) {
      // A page that was hidden does not make up for it.
      const passed = Math.min(100, time - last);
      last = time;
      batch(() => advance(passed));
    }
    if (playing.value) frame = requestAnimationFrame(tick);
  };
  effect(() => {
    cancelAnimationFrame(frame);
    if (!playing.value) {
      head.value = null;
      return;
    }
    lookAtLadder();
    last = performance.now();
    frame = requestAnimationFrame(tick);
  });
}
