/** Owns: a ladder's timers as bars: from when a timer is set until it fires or is stopped, beside its host's lane. */

import type { TimerEvent, TimerName, TraceEvent } from './events.ts';
import type { Entry } from './ladder-axis.ts';

/** A timer that runs. */
export interface LadderBar {
  readonly lane: number;
  readonly timer: TimerName;
  readonly x: number;
  readonly top: number;
  readonly bottom: number;
  /** ms. `until` is null where it runs beyond the trace; `due` as it was set last. */
  readonly from: number;
  readonly until: number | null;
  readonly due: number | null;
  readonly end: 'fired' | 'stopped' | 'running';
  /** Places in the trace of the events that set, stop or fire it. */
  readonly events: readonly number[];
}

/** A bar whose ends are given heights with everything else's. */
export interface Span {
  readonly lane: number;
  readonly timer: TimerName;
  readonly first: Entry;
  last: Entry | null;
  due: number | null;
  end: LadderBar['end'];
  readonly events: number[];
}

/**
 * The timers of a trace. 'main' are those that fire and those that are there for a long wait.
 *
 * @param hosts the lanes
 */
export function timerSpans(
  events: readonly TraceEvent[],
  hosts: readonly string[],
  show: 'none' | 'main' | 'all',
): Span[] {
  if (show === 'none') return [];
  const spans: Span[] = [];
  const running = new Map<number, Span>();
  for (const [index, event] of events.entries()) {
    if (event.type !== 'timer-set' && event.type !== 'timer-stopped' && event.type !== 'timer-fired') continue;
    const lane = hosts.indexOf(event.host);
    if (lane < 0) continue;
    const key = (event.connection.id * TIMERS.length + TIMERS.indexOf(event.timer)) * hosts.length + lane;
    const span = running.get(key);
    if (event.type === 'timer-set') {
      if (span === undefined) {
        const made = begin(event, lane, index);
        running.set(key, made);
        spans.push(made);
      } else {
        span.due = event.due ?? null;
        span.events.push(index);
      }
    } else if (span !== undefined) {
      span.last = mark(event, lane, index);
      span.end = event.type === 'timer-fired' ? 'fired' : 'stopped';
      span.events.push(index);
      running.delete(key);
    }
  }
  return show === 'all' ? spans : spans.filter(({ end, timer }) => end === 'fired' || LONG.has(timer));
}

const TIMERS: readonly TimerName[] = [
  'retransmission',
  'tail-loss-probe',
  'reordering',
  'persist',
  'delayed-ack',
  'keep-alive',
  'pacing',
  'user',
  'linger',
  'cork',
  'time-wait',
  'fin-wait-2',
];
const LONG: ReadonlySet<TimerName> = new Set<TimerName>(['time-wait', 'persist', 'keep-alive', 'fin-wait-2', 'user']);

function begin(event: TimerEvent, lane: number, index: number): Span {
  const first = mark(event, lane, index);
  return { lane, timer: event.timer, first, last: null, due: event.due ?? null, end: 'running', events: [index] };
}

function mark({ time }: TimerEvent, lane: number, order: number): Entry {
  return { time, order, lane, kind: 'mark', flight: null, item: null, told: true, y: 0 };
}

/**
 * Bars that run at the same time stand in columns beside each other, nearest to the lane what began first. Where there are more
 * than a few, those that began last are left out.
 *
 * @param spans in the order of their beginnings, which have heights now
 * @param bottom where bars end that still run
 * @returns each bar's column, from 0 on, in the place of its `x`
 */
export function columnsOfBars(spans: readonly Span[], bottom: number): LadderBar[] {
  const free: number[][] = [];
  return spans.flatMap(({ lane, timer, first, last, due, end, events }) => {
    const top = first.y;
    const until = Math.max(last?.y ?? bottom, top + SHORTEST);
    free[lane] ??= [];
    const columns = free[lane];
    const at = columns.findIndex((y) => y <= top);
    const x = at < 0 ? columns.length : at;
    if (x >= MOST_COLUMNS) return [];
    columns[x] = until;
    return [{ lane, timer, x, top, bottom: until, from: first.time, until: last?.time ?? null, due, end, events }];
  });
}

/** Beside one lane: a host with many connections has more timers than anyone could follow. */
const MOST_COLUMNS = 5;
/** Of a bar whose timer is stopped at once. */
const SHORTEST = 4;
