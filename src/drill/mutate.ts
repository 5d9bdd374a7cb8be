/**
 * Owns: changes to a script that passes, each of which must make it fail: the guard against a runner that passes everything.
 *
 * A change is made only where it cannot go unnoticed, whatever the host does that made the script pass:
 * - `ack`, `win` where it is written, IP fields where they are written: compared on every segment.
 * - `seq`: not with SYN, whose number says only how the script counts.
 * - A length grows by one octet. More of the following text may complete a segment that the host has sent in several pieces
 *   (aggregation), so it must be no single octet that follows; and the time must be written, for with `*` a probe of one octet
 *   may come any later and complete it.
 * - FIN and PSH; PSH of text not where the player ignores it. SYN and ACK decide whose packet it is, and are left alone.
 * - Options: values that are compared. Not in `<...>`; TS val only with a tick, by more than any tolerance, and not the first
 *   one, which is what the others are counted from; TS ecr if the player compares it.
 * - A time is put off for so long that its tolerance, which grows with it, does not reach back. `*` has none; and after a `*`
 *   nobody knows how long ago the event before was.
 * - An outbound line is left out if the next outbound line of the same connection cannot be met by the same packet, and the packet
 *   is sent before anything else happens: a script that does not wait for a retransmission may acknowledge it away.
 * - Results: descriptors are only compared as such, so one that is asked for becomes -1, and other results are off by one.
 *   An errno becomes another one, the value that getsockopt or ioctl gives is off by one.
 * - An assertion that an expression equals an integer is off by one; any other is turned into its opposite.
 */

import { PythonError, parsePython, type Statement } from './python-syntax.ts';
import { type RunOptions, runSettings } from './run-settings.ts';
import type { CallAction, EventTime, Expression, IpInfo, OptionSpec, Script, ScriptEvent, TcpSpec } from './script.ts';
import { errnoNumber } from './symbols.ts';

export type MutationKind =
  | 'ack'
  | 'sequence'
  | 'length'
  | 'flag'
  | 'option'
  | 'window'
  | 'ip'
  | 'time'
  | 'result'
  | 'errno'
  | 'value'
  | 'assertion'
  | 'dropped';

export interface Mutant {
  readonly kind: MutationKind;
  readonly script: Script;
  /** Of the line that is changed, in the script's text. */
  readonly line: number;
  /** 'ack 1 becomes 2' */
  readonly description: string;
}

/** What the player compares, and how closely. */
interface Comparison {
  readonly toleranceUsecs: number;
  readonly tolerancePercent: number;
  readonly tsTickUsecs: number;
  readonly compareEcho: boolean;
  readonly lenientPsh: boolean;
}

/** An event in the place of another, or null for none. */
interface Change {
  readonly kind: MutationKind;
  readonly event: ScriptEvent | null;
  readonly description: string;
}

/** Calls whose result is a descriptor. */
const DESCRIPTORS = /^(?:socket|accept4?|open|dup[23]?|pipe2?|eventfd|epoll_create1?)$/;
/** So many steps of the timestamp clock are more than any tolerance. */
const FAR_STEPS = 0x4000_0000;
const SECOND = 1_000_000;

/**
 * The changes to `script`, each alone, in the order of its lines.
 *
 * @param options what the script, and each mutant, is played with
 */
export function mutants(script: Script, options: RunOptions = {}): readonly Mutant[] {
  const { toleranceUsecs, tolerancePercent, tsTickUsecs } = runSettings(script, options);
  const { compareEcho = true, lenientPsh = false } = options;
  const how = { toleranceUsecs, tolerancePercent, tsTickUsecs, compareEcho, lenientPsh };
  const { events } = script;
  const found: Mutant[] = [];
  const since = elapsed(events, how);
  events.forEach((event, index) => {
    const changes = [...changesOf(events, index, how), ...timeChanges(event, since[index] as number, how)];
    if (mayBeDropped(events, index, since[index] as number, how)) {
      changes.push({ kind: 'dropped', event: null, description: 'the line is left out' });
    }
    for (const { kind, event: changed, description } of changes) {
      const others = changed === null ? events.filter((other) => other !== event) : replaced(events, index, changed);
      found.push({ kind, script: { ...script, events: others }, line: event.at.line, description });
    }
  });
  return found;
}

function changesOf(events: readonly ScriptEvent[], index: number, how: Comparison): Change[] {
  const event = events[index] as ScriptEvent;
  const { action } = event;
  if (action.kind === 'call') return callChanges(event, action);
  if (action.kind === 'code') {
    return assertionChanges(action.text).map(({ text, description }) => ({
      kind: 'assertion',
      event: { ...event, action: { ...action, text } },
      description,
    }));
  }
  const expected = segmentOf(event);
  if (expected === null) return [];
  return packetChanges(events, index, expected, how).map(({ kind, packet, description }) => ({
    kind,
    event: { ...event, action: { kind: 'packet', at: action.at, direction: 'outbound', packet } },
    description,
  }));
}

/** The segment that an event expects, or null. */
function segmentOf(event: ScriptEvent | undefined): TcpSpec | null {
  if (event?.action.kind !== 'packet' || event.action.direction !== 'outbound') return null;
  return event.action.packet.protocol === 'tcp' ? event.action.packet : null;
}

// ---- Packets ----

interface PacketChange {
  readonly kind: MutationKind;
  readonly packet: TcpSpec;
  readonly description: string;
}

function packetChanges(
  events: readonly ScriptEvent[],
  index: number,
  packet: TcpSpec,
  how: Comparison,
): PacketChange[] {
  const changes: PacketChange[] = [];
  const change = (kind: MutationKind, description: string, part: Partial<TcpSpec>): void => {
    changes.push({ kind, packet: { ...packet, ...part }, description });
  };
  const { flags, seq, length, window } = packet;
  if (flags.includes('.')) {
    const ack = packet.ack ?? 0;
    change('ack', becomes('ack', ack, next32(ack)), { ack: next32(ack) });
  }
  if (!flags.includes('S')) change('sequence', becomes('seq', seq, next32(seq)), { seq: next32(seq) });
  if (length === 0 || growthShows(events, index, packet)) {
    change('length', becomes('length', length, length + 1), { length: length + 1 });
  }
  for (const letter of ['F', 'P']) {
    if (letter === 'P' && how.lenientPsh && length > 0) continue;
    const toggled = flags.includes(letter) ? flags.replace(letter, '') : letter + flags;
    change('flag', `flags ${shown(flags)} become ${shown(toggled)}`, { flags: toggled });
  }
  if (window !== null) {
    const other = window === 0xffff ? window - 1 : window + 1;
    change('window', becomes('win', window, other), { window: other });
  }
  for (const [description, ip] of ipChanges(packet.ip)) change('ip', description, { ip });
  packet.options?.forEach((option, place) => {
    const other = otherOption(option, stampsBefore(events, index), how);
    if (other === null || packet.options === null) return;
    change('option', `another ${option.kind}`, { options: replaced(packet.options, place, other) });
  });
  return changes;
}

/** Whether nothing can complete a segment that is an octet longer than what is sent. */
function growthShows(events: readonly ScriptEvent[], index: number, packet: TcpSpec): boolean {
  if (events[index]?.time.kind === 'any') return false;
  const next = segmentOf(events.slice(index + 1).find((event) => segmentOf(event) !== null));
  return next === null || next.length !== 1 || next.seq !== next32(packet.seq, packet.length);
}

function ipChanges(ip: IpInfo): (readonly [string, IpInfo])[] {
  const changes: (readonly [string, IpInfo])[] = [];
  const { ecn, tos, ttl } = ip;
  if (ecn !== null) {
    const other = ecn === 'ce' ? 'noecn' : 'ce';
    changes.push([becomes('ecn', ecn, other), { ...ip, ecn: other }]);
  }
  if (tos !== null) changes.push([becomes('tos', tos, tos ^ 4), { ...ip, tos: tos ^ 4 }]);
  if (ttl !== null) {
    const other = ttl === 255 ? 254 : ttl + 1;
    changes.push([becomes('ttl', ttl, other), { ...ip, ttl: other }]);
  }
  return changes;
}

/** The same option with another value, or null if that is not compared. */
function otherOption(option: OptionSpec, stampsKnown: boolean, how: Comparison): OptionSpec | null {
  switch (option.kind) {
    case 'mss':
      return { ...option, value: option.value ^ 1 };
    case 'wscale':
      return { ...option, value: option.value ^ 1 };
    case 'sack': {
      const [left, right] = option.blocks.at(-1) ?? [0, 0];
      return option.blocks.length === 0
        ? null
        : { ...option, blocks: replaced(option.blocks, option.blocks.length - 1, [left, next32(right)]) };
    }
    case 'timestamp':
      if (how.compareEcho) return { ...option, echo: next32(option.echo) };
      return how.tsTickUsecs > 0 && stampsKnown ? { ...option, value: next32(option.value, FAR_STEPS) } : null;
    case 'fastOpen': {
      const last = option.cookie.at(-1);
      return last === undefined
        ? null
        : { ...option, cookie: replaced(option.cookie, option.cookie.length - 1, last ^ 1) };
    }
    case 'accEcn': {
      const first = option.counters[0];
      return first === undefined
        ? null
        : { ...option, counters: replaced(option.counters, 0, [first[0], first[1] ^ 1]) };
    }
    default:
      return null;
  }
}

/** Whether the connection has shown a timestamp before this event. */
function stampsBefore(events: readonly ScriptEvent[], index: number): boolean {
  for (let i = index - 1; i >= 0; i--) {
    const event = events[i] as ScriptEvent;
    if (beginsConnection(event)) return false;
    if (segmentOf(event)?.options?.some(({ kind }) => kind === 'timestamp')) return true;
  }
  return false;
}

// ---- Times ----

/**
 * For each event, at most how many µs after the one before it is to be; Infinity if that cannot be told. Only expected packets
 * can come later than they are to.
 */
function elapsed(events: readonly ScriptEvent[], how: Comparison): readonly number[] {
  const bounds: number[] = [];
  let late = 0;
  for (const event of events) {
    const { kind, relative, start, end } = event.time;
    const bound = relative || kind === 'any' ? start + late : start;
    bounds.push(bound);
    const expected = event.action.kind === 'packet' && event.action.direction === 'outbound';
    if (!expected) late = 0;
    else late = kind === 'any' ? Infinity : end - start + tolerance(bound, how);
  }
  return bounds;
}

function tolerance(since: number, how: Comparison): number {
  return Math.max(how.toleranceUsecs, (how.tolerancePercent / 100) * since);
}

function timeChanges(event: ScriptEvent, since: number, how: Comparison): Change[] {
  const { time } = event;
  const blocking = time.kind === 'blocking';
  if (time.kind === 'any' || (!blocking && segmentOf(event) === null)) return [];
  const delay = later(time, blocking ? time.end - time.start : since, how);
  if (!Number.isFinite(delay)) return [];
  const start = blocking ? time.start : time.start + delay;
  const changed = { ...event, time: { ...time, start, end: time.end + delay } };
  return [{ kind: 'time', event: changed, description: `${delay / SECOND} s later` }];
}

/** So much later that the earliest time allowed then is after the latest one allowed now. */
function later({ kind, start, end }: EventTime, since: number, how: Comparison): number {
  const share = how.tolerancePercent / 100;
  if (share >= 0.9) return Infinity;
  const range = kind === 'range' ? end - start : 0;
  return Math.ceil((range + 2 * tolerance(since, how)) / (1 - share)) + SECOND;
}

// ---- Lines left out ----

function mayBeDropped(events: readonly ScriptEvent[], index: number, since: number, how: Comparison): boolean {
  const event = events[index] as ScriptEvent;
  const packet = segmentOf(event);
  const following = events[index + 1];
  if (packet === null || following === undefined) return false;
  if (!isExpected(following) && !comesAfter(following.time, event.time, since, how)) return false;
  for (const other of events.slice(index + 1)) {
    if (beginsConnection(other)) return false;
    if (!isExpected(other)) continue;
    const next = segmentOf(other);
    return next !== null && next.ports === null && packet.ports === null && excludes(packet, next);
  }
  return false;
}

function isExpected({ action }: ScriptEvent): boolean {
  return action.kind === 'packet' && action.direction === 'outbound';
}

/** Whether what is to be at `later` is after all that is allowed for what is expected at `time`, from the same base. */
function comesAfter(later: EventTime, time: EventTime, since: number, how: Comparison): boolean {
  if (time.kind === 'any' || later.relative !== time.relative) return false;
  return later.start > time.end + tolerance(since, how);
}

/** After it packets may belong to another connection. */
function beginsConnection({ action }: ScriptEvent): boolean {
  if (action.kind === 'call') return ['socket', 'connect', 'listen', 'sendto', 'sendmsg'].includes(action.name);
  return (
    action.kind === 'packet' &&
    action.direction === 'inbound' &&
    action.packet.protocol === 'tcp' &&
    action.packet.flags.includes('S') &&
    !action.packet.flags.includes('.')
  );
}

/** Whether the packet that meets `one`, or the first of several that do, cannot be the first that meets `other`. */
function excludes(one: TcpSpec, other: TcpSpec): boolean {
  const differs = (letter: string): boolean => one.flags.includes(letter) !== other.flags.includes(letter);
  if (['S', 'R', 'U', '.'].some(differs) || (one.ack ?? 0) !== (other.ack ?? 0)) return true;
  if (!one.flags.includes('S') && one.seq !== other.seq) return true;
  if (one.window !== null && other.window !== null && one.window !== other.window) return true;
  if ((one.length === 0) !== (other.length === 0)) return true;
  if (one.length === 0 && differs('F')) return true;
  if (one.options === null || other.options === null) return false;
  const kinds = (options: readonly OptionSpec[]): string => options.map(({ kind }) => kind).join();
  if (kinds(one.options) !== kinds(other.options)) return true;
  const blocks = (options: readonly OptionSpec[]): string =>
    options.map((option) => (option.kind === 'sack' ? option.blocks.join(' ') : '')).join();
  return one.length === 0 && blocks(one.options) !== blocks(other.options);
}

// ---- Calls ----

function callChanges(event: ScriptEvent, action: CallAction): Change[] {
  const changes: Change[] = [];
  const change = (kind: MutationKind, description: string, part: Partial<CallAction>): void => {
    changes.push({ kind, event: { ...event, action: { ...action, ...part } }, description });
  };
  const { result, errno, name, args } = action;
  if (result.kind === 'integer') {
    const other = DESCRIPTORS.test(name) && result.value >= 0 ? -1 : result.value + 1;
    change('result', becomes('result', result.value, other), { result: { ...result, value: other, text: `${other}` } });
  }
  if (errno !== null) {
    const other = errnoNumber(errno) === errnoNumber('ENOTSOCK') ? 'EBADF' : 'ENOTSOCK';
    change('errno', becomes('errno', errno, other), { errno: other });
  }
  const place = { getsockopt: 3, ioctl: 2 }[name];
  const value = place === undefined ? null : onlyInteger(args[place]);
  if (place !== undefined && value !== null && result.kind === 'integer' && result.value === 0) {
    const other = { ...value, value: value.value + 1, text: `${value.value + 1}` };
    const list = { ...args[place], items: [other] } as Expression;
    change('value', becomes('value', value.value, other.value), { args: replaced(args, place, list) });
  }
  return changes;
}

/** The integer of `[n]`, or null. */
function onlyInteger(expression: Expression | undefined): Extract<Expression, { kind: 'integer' }> | null {
  if (expression?.kind !== 'list' || expression.items.length !== 1) return null;
  const item = expression.items[0];
  return item?.kind === 'integer' ? item : null;
}

// ---- Assertions ----

function assertionChanges(text: string): { text: string; description: string }[] {
  let statements: readonly Statement[];
  try {
    statements = parsePython(text);
  } catch (error) {
    if (error instanceof PythonError) return [];
    throw error;
  }
  return statements.flatMap((statement) => {
    if (statement.kind !== 'assert') return [];
    const { test } = statement;
    const only = test.kind === 'comparison' && test.rest.length === 1 ? test.rest[0] : undefined;
    const literal = only?.operand.kind === 'literal' && typeof only.operand.value === 'bigint' ? only.operand : null;
    const place = only?.operator === '==' && literal !== null ? literal : test;
    const source = text.slice(place.start, place.end);
    const other = place === literal ? `${(literal.value as bigint) + 1n}` : `not (${source})`;
    const changed = text.slice(0, place.start) + other + text.slice(place.end);
    return [{ text: changed, description: becomes('assertion', source, other) }];
  });
}

function replaced<T>(list: readonly T[], index: number, item: T): readonly T[] {
  return list.map((other, i) => (i === index ? item : other));
}

function becomes(what: string, before: string | number, after: string | number): string {
  return `${what} ${before} becomes ${after}`;
}

function shown(flags: string): string {
  return flags === '' ? '-' : flags;
}

/** So much further in a number of 32 bits. */
function next32(value: number, by = 1): number {
  return (value + by) >>> 0;
}
