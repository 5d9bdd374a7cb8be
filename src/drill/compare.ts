/**
 * Owns: is this packet what the script says? Field by field in the order a reader would; the first difference is the message.
 */

import { DrillMismatch } from './errors.ts';
import { aceBits, type Flow, flagBits } from './flow.ts';
import { AE, type LivePacket, type LiveTcp } from './live.ts';
import { encodeOptions } from './options.ts';
import type { IpInfo, OptionSpec, TcpSpec } from './script.ts';

/** What of a comparison the command line decides. */
export interface Strictness {
  /** PSH on segments with text is not compared. */
  readonly lenientPsh: boolean;
  /** TS ecr is compared as written. */
  readonly echo: boolean;
  /** µs of one step of the TSval clock, or 0: TS val is not compared. */
  readonly tick: number;
  /** µs by which a TSval may be off now. */
  readonly tickTolerance: number;
}

/** @throws DrillMismatch */
export function compareIp(expected: IpInfo, live: LivePacket, flow: Flow): void {
  const codepoint = live.tos & 3;
  const { ecn, tos, ttl, flowLabel } = expected;
  if (tos !== null) field('tos', hex(tos), hex(live.tos));
  if (ttl !== null) field('ttl', ttl, live.ttl);
  if (ecn === 'ect01') {
    if (codepoint !== 1 && codepoint !== 2)
      throw new DrillMismatch(`ecn: expected ect01, actual ${ECN_NAMES[codepoint]}`);
  } else if (ecn !== null) field('ecn', ecn, ECN_NAMES[codepoint]!);
  if (flowLabel !== null && flowLabel !== 0 && live.family === 6) compareFlowLabel(flowLabel, live.flowLabel, flow);
}

const ECN_NAMES = ['noecn', 'ect1', 'ect0', 'ce'] as const;

/** Equal labels of the script are equal on the wire, different ones are different; which they are is the host's choice. */
function compareFlowLabel(script: number, live: number, flow: Flow): void {
  if (live === 0) throw new DrillMismatch('flowlabel: expected one, actual none');
  const known = flow.flowLabel;
  if (known !== null && (known.script === script) !== (known.live === live)) {
    throw new DrillMismatch(
      `flowlabel: expected ${known.script === script ? 'the same' : 'another'}, actual ${hex(live)}`,
    );
  }
  flow.flowLabel = { script, live };
}

/** @param live the segment as it was sent, for its timestamps. @throws DrillMismatch */
export function compareTcp(expected: TcpSpec, live: LiveTcp, flow: Flow, how: Strictness): void {
  const actual = flow.toScript(live);
  compareFlags(expected, live.flags, how);
  field('seq', expected.seq >>> 0, actual.seq);
  field('length', expected.length, actual.length);
  field('ack', (expected.ack ?? 0) >>> 0, actual.ack!);
  if (expected.window !== null) field('win', expected.window, actual.window!);
  field('urg', expected.urgent ?? 0, actual.urgent!);
  learnStamps(expected, live, flow);
  if (expected.options !== null) compareOptions(expected.options, actual.options!, flow, how);
  if (!live.zeros) throw new DrillMismatch('payload: expected zeros, actual other octets');
}

function compareFlags(expected: TcpSpec, live: number, how: Strictness): void {
  const bits = flagBits(expected);
  const ignored = how.lenientPsh && expected.length > 0 ? PSH : 0;
  const differs = (bits ^ live) & ~ignored;
  if (differs === 0) return;
  for (const [name, bit] of FLAG_NAMES) {
    if (differs & bit) throw new DrillMismatch(`${name}: expected ${bits & bit ? 1 : 0}, actual ${live & bit ? 1 : 0}`);
  }
}

const PSH = 0x08;
const FLAG_NAMES: readonly (readonly [string, number])[] = [
  ['SYN', 0x02],
  ['FIN', 0x01],
  ['RST', 0x04],
  ['PSH', PSH],
  ['ACK', 0x10],
  ['URG', 0x20],
  ['ECE', aceBits(1)],
  ['CWR', aceBits(2)],
  ['AE', AE],
];

function learnStamps(expected: TcpSpec, live: LiveTcp, flow: Flow): void {
  const written = expected.options?.find((option) => option.kind === 'timestamp');
  const sent = live.options.find((option) => option.kind === 'timestamp');
  if (written !== undefined && sent !== undefined) flow.learnStamp(written.value >>> 0, sent.value);
}

function compareOptions(
  expected: readonly OptionSpec[],
  actual: readonly OptionSpec[],
  flow: Flow,
  how: Strictness,
): void {
  for (let i = 0; i < Math.max(expected.length, actual.length); i++) {
    const want = expected[i];
    const have = actual[i];
    if (want === undefined || have === undefined || optionName(want) !== optionName(have)) {
      throw new DrillMismatch(`option ${i + 1}: expected ${name(want)}, actual ${name(have)}`);
    }
    if (want.kind === 'timestamp' && have.kind === 'timestamp') {
      compareStamps(want, have, flow, how);
    } else if (!sameOctets(encodeOptions([want]), encodeOptions([have]))) {
      throw new DrillMismatch(`option ${optionName(want)}: expected ${octetText(want)}, actual ${octetText(have)}`);
    }
  }
}

function name(option: OptionSpec | undefined): string {
  return option === undefined ? 'none' : optionName(option);
}

function optionName(option: OptionSpec): string {
  if (option.kind === 'fastOpen') return option.experimental ? 'FOEXP' : 'FO';
  if (option.kind === 'accEcn') return `ECN ${option.counters[0]?.[0] ?? ''}`;
  return option.kind === 'unknown' ? `kind ${option.code}` : option.kind;
}

function octetText(option: OptionSpec): string {
  switch (option.kind) {
    case 'mss':
    case 'wscale':
      return `${option.value}`;
    case 'sack':
      return option.blocks.map(([left, right]) => `${left}:${right}`).join(' ');
    default:
      return encodeOptions([option])
        .map((octet) => octet.toString(16).padStart(2, '0'))
        .join('');
  }
}

type Stamps = Extract<OptionSpec, { kind: 'timestamp' }>;

function compareStamps(want: Stamps, have: Stamps, flow: Flow, how: Strictness): void {
  if (how.tick > 0) {
    const value = flow.stampToScript(have.value);
    const off = Math.abs((value - want.value) | 0) * how.tick;
    if (off > how.tickTolerance) throw new DrillMismatch(`TS val: expected ${want.value}, actual ${value}`);
  }
  if (how.echo) field('TS ecr', want.echo >>> 0, have.echo);
}

function sameOctets(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}

function field(what: string, expected: string | number, actual: string | number): void {
  if (expected !== actual) throw new DrillMismatch(`${what}: expected ${expected}, actual ${actual}`);
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
