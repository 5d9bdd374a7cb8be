/**
 * Owns: what the page is showing: the input, the run that came of it, how far the reader has got in it, and what is selected.
 * Every change of the input is a new run; the one before it stays for a moment as `ghost`, to show what has become different.
 *
 * Leaves to others: running (`client.ts`), the address bar (`link.ts`), drawing.
 */

import { batch, computed, type Signal, signal } from '@preact/signals';
import type { Edit, HostName, HostView, Input, PacketName, Run, Settings, Step } from '../engine/types.ts';

export type Language = 'en' | 'zh';
export type Theme = 'system' | 'light' | 'dark';
/** What there may be in a step to halt at. */
export type Breakpoint = 'state' | 'lost' | 'retransmission' | 'timer' | 'reset';

/** What is selected: a packet by its number, or nothing. */
export const selected = signal<number | null>(null);
/** What those hear who do not look: the explanation of the step that happened last. */
export const spoken = signal('');
export const language = signal<Language>('en');
export const theme = signal<Theme>('system');

export const input = signal<Input>({ preset: 'handshake', seed: 1, settings: {}, edits: [] });
export const run = signal<Run | null>(null);
/** The run before the last change, while its difference is shown. */
export const ghost = signal<Run | null>(null);
/** How much of it the reader had seen, ms. */
export const ghostUntil = signal(0);
/** Steps that have happened: 0 .. run.steps.length. What is beyond is not shown yet. */
export const cursor = signal(0);
export const playing = signal(false);
/** How fast it plays: 1 is a pace to read at, wherever that is in virtual time; idle gaps are short, as on the ladder. */
export const speed = signal(1);
/** Where playing halts. */
export const breakpoints = signal<ReadonlySet<Breakpoint>>(new Set());
/** Sequence numbers count from each connection's first. */
export const relative = signal(true);
/** What is beyond the cursor is outlined. */
export const foresight = signal(false);
/** Which dialog is open. */
export const dialog = signal<'help' | 'partition' | 'export' | 'share' | 'gallery' | null>(null);

/** Edits that were taken back, the last one first. */
const undone = signal<readonly Edit[]>([]);
export const canUndo = computed(() => input.value.edits.length > 0);
export const canRedo = computed(() => undone.value.length > 0);

export const steps = computed<readonly Step[]>(() => run.value?.steps ?? []);

/** Where the reader is after `count` steps. */
function momentAfter(count: Signal<number>) {
  const current = computed<Step | null>(() => steps.value[count.value - 1] ?? null);
  return {
    count,
    /** The step that happened last, or null. */
    current,
    /** Virtual time that is shown, ms. */
    now: computed(() => current.value?.time ?? 0),
    /** Events that have happened: the first so many of `run.events`. */
    seen: computed(() => (current.value === null ? 0 : current.value.first + current.value.count)),
  };
}

export const { current, now, seen } = momentAfter(cursor);
/** The same for what is beside the ladder, which lags a little while it plays fast (`transport/play.ts`). */
export const noted = momentAfter(signal(0));

/** Each host as it is shown beside the ladder. */
export const views = computed<Readonly<Partial<Record<HostName, HostView>>>>(() => {
  const found: Partial<Record<HostName, HostView>> = {};
  for (const { step, host, view } of run.value?.views ?? []) {
    if (step >= noted.count.value) break;
    found[host] = view;
  }
  return found;
});

// ---- Changing the input ----

function change(next: Input): void {
  batch(() => {
    ghost.value = run.value;
    ghostUntil.value = cursor.value === 0 ? -1 : now.value;
    input.value = next;
  });
}

function changeEdits(edits: readonly Edit[]): void {
  change({ ...input.value, edits });
}

export function open(preset: string): void {
  batch(() => {
    undone.value = [];
    selected.value = null;
    playing.value = false;
    input.value = { preset, seed: input.value.seed, settings: {}, edits: [] };
    ghost.value = null;
    cursor.value = 0;
  });
}

/** Adds a change. One more delay of the packet that was delayed last adds to that. */
export function edit(one: Edit): void {
  undone.value = [];
  const { edits } = input.value;
  const last = edits.at(-1);
  if (one.op !== 'delay' || last?.op !== 'delay' || !samePacket(one.packet, last.packet)) {
    changeEdits([...edits, one]);
    return;
  }
  const by = Math.max(0, last.by + one.by);
  changeEdits([...edits.slice(0, -1), ...(by === 0 ? [] : [{ ...one, by }])]);
}

/** Takes back the edit at this position, whichever came after it. */
export function remove(position: number): void {
  undone.value = [];
  changeEdits(input.value.edits.toSpliced(position, 1));
}

export function undo(): void {
  const last = input.value.edits.at(-1);
  if (last === undefined) return;
  undone.value = [last, ...undone.value];
  changeEdits(input.value.edits.slice(0, -1));
}

export function redo(): void {
  const [first, ...rest] = undone.value;
  if (first === undefined) return;
  undone.value = rest;
  changeEdits([...input.value.edits, first]);
}

function samePacket(one: PacketName, other: PacketName): boolean {
  return one.host === other.host && one.nth === other.nth;
}

export function set<Key extends keyof Settings>(key: Key, value: Settings[Key]): void {
  change({ ...input.value, settings: { ...input.value.settings, [key]: value } });
}

export function reseed(seed: number): void {
  change({ ...input.value, seed });
}

// ---- Moving through the run ----

/**
 * Shows a new run. The reader stays at the time where they were; what an edit makes happen at this very time is seen to happen.
 */
export function show(next: Run): void {
  const { value: time } = now;
  const before = steps.value.slice(0, cursor.value).filter((step) => step.time === time).length;
  const last = next.input.edits.at(-1);
  const acted = last !== undefined && 'at' in last && last.at === time && cursor.value > 0;
  const earlier = next.steps.filter((step) => step.time < time).length;
  const same = next.steps.filter((step) => step.time === time).length;
  const chosen = run.value?.packets[(selected.value ?? 0) - 1]?.name ?? null;
  batch(() => {
    run.value = next;
    selected.value = (chosen && next.packets.find(({ name }) => name && samePacket(name, chosen))?.packet) ?? null;
    cursor.value = earlier + (acted ? same : Math.min(before, same));
  });
}

export function moveTo(step: number): void {
  ghost.value = null;
  cursor.value = Math.max(0, Math.min(step, steps.value.length));
}

export function forward(): void {
  cursor.value = Math.min(cursor.value + 1, steps.value.length);
}

export function back(): void {
  playing.value = false;
  moveTo(cursor.value - 1);
}

export function toStart(): void {
  playing.value = false;
  moveTo(0);
}

export function toEnd(): void {
  playing.value = false;
  moveTo(steps.value.length);
}
