/**
 * Owns: writing a script from what was seen: the packets of one connection in relative numbers, and the calls around them. What
 * the host sent is expected, with windows left open; what came is injected.
 *
 * A script's calls are made one after the other, each when the host has answered what came before. Of an application that acts
 * from within the stack, as a handler does, text or FIN can carry an acknowledgment that such a call comes too late for: `tsyn
 * handlers` in a script's head has calls that follow a packet at once made while the host deals with it. What was written and
 * how it was closed at one instant is kept together with MSG_MORE, and text that came at one instant with `--mss`; other
 * segments that come at one instant, as on a wire without a rate, are answered one by one in a script.
 */

import { readCapture } from '../trace/capture-reader.ts';
import type { TraceEvent } from '../trace/events.ts';
import { flagLetters } from './flow.ts';
import { formatPacket, formatSeconds } from './format.ts';
import { encodeOptions } from './options.ts';
import {
  type CallStep,
  fromCapture,
  fromTrace,
  type PacketStep,
  type Recording,
  type RecordOptions,
  type Step,
  withBursts,
} from './record-steps.ts';
import type { OptionSpec } from './script.ts';

export { RecordError, type RecordOptions } from './record-steps.ts';

const ACK = 0x10;
const SYN = 0x02;
const RST = 0x04;
const URG = 0x20;
const ECN_NAMES = ['noecn', 'ect1', 'ect0', 'ce'] as const;
/** Timestamps of either side are counted from here: not from 0, which says that there is none. */
const FIRST_STAMP = 100;

/**
 * A script from a pcap or pcapng file.
 *
 * @throws CaptureError it is no capture; RecordError it shows no such connection
 */
export function recordCapture(octets: Uint8Array, options: RecordOptions = {}): string {
  return write(fromCapture(readCapture(octets), options), options.own ?? false);
}

/** A script from a trace. @throws RecordError it shows no such connection */
export function recordTrace(events: readonly TraceEvent[], options: RecordOptions = {}): string {
  return write(fromTrace(events, options), options.own ?? true);
}

function write(seen: Recording, own: boolean): string {
  const { steps, mss } = withBursts(seen.steps);
  const recording = { ...seen, steps };
  const { family, local, remote } = recording;
  const writer = new Writer(recording);
  const mtu = writer.mtu();
  const head = [
    `// ${local} in conversation with ${remote}.`,
    ...(family === 6 ? ['--ip_version=ipv6'] : []),
    ...(mtu === null ? [] : [`--mtu=${mtu}`]),
    ...(mss === 0 ? [] : [`--mss=${mss}`]),
    ...(own ? [`\`tsyn defaults${actsAtOnce(steps) ? '; tsyn handlers' : ''}\``] : []),
    '',
  ];
  return `${[...head, ...writer.lines()].join('\n')}\n`;
}

/** Whether what the host's application does about a packet goes with the answer to it: calls are made from within the stack. */
function actsAtOnce(steps: readonly Step[]): boolean {
  return steps.some((step, i) => {
    const before = steps[i - 1];
    if (step.kind !== 'call' || before?.kind !== 'packet' || before.outbound || before.time !== step.time) return false;
    const after = steps.slice(i).find(({ kind }) => kind === 'packet') as PacketStep | undefined;
    return after?.outbound === true && after.time === step.time;
  });
}

class Writer {
  readonly #recording: Recording;
  readonly #lines: string[] = [];
  readonly #ours: Numbers = new Numbers();
  readonly #theirs: Numbers = new Numbers();
  #fd = 3;
  /** Whether the host is the one that connects. */
  readonly #active: boolean;
  #now: number;
  /** Calls wait until there is a descriptor to make them on. */
  #open = false;
  #waiting: CallStep[] = [];

  constructor(recording: Recording) {
    this.#recording = recording;
    const first = packetsOf(recording)[0];
    this.#active = first?.outbound === true;
    this.#now = first?.time ?? 0;
  }

  /** The device's MTU, as the MSS in the host's SYN tells, or null where it is the usual one. */
  mtu(): number | null {
    const { family } = this.#recording;
    const syn = packetsOf(this.#recording).find(({ outbound, tcp }) => outbound && (tcp.flags & SYN) !== 0);
    const mss = syn?.tcp.options.find((option) => option.kind === 'mss');
    return mss === undefined || mss.value === 1460 ? null : mss.value + (family === 6 ? 60 : 40);
  }

  lines(): readonly string[] {
    this.#prepare();
    const { steps } = this.#recording;
    for (let i = 0; i < steps.length; ) {
      const step = steps[i] as Step;
      if (step.kind === 'packet') {
        this.#packet(step);
        i++;
        continue;
      }
      const calls = sameInstant(steps, i);
      i += calls.length;
      if (this.#open) this.#calls(calls);
      else this.#waiting.push(...calls);
    }
    return this.#lines;
  }

  #prepare(): void {
    this.#lines.push('0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3');
    if (this.#active) {
      this.#line(this.#now, 'fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0');
      this.#line(this.#now, 'connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)');
      return;
    }
    this.#line(this.#now, 'setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0');
    this.#line(this.#now, 'bind(3, ..., ...) = 0');
    this.#line(this.#now, 'listen(3, 1) = 0');
  }

  #line(time: number, text: string): void {
    this.#lines.push(`+${formatSeconds(Math.max(0, time - this.#now))} ${text}`);
    this.#now = Math.max(this.#now, time);
  }

  // ---- Packets ----

  #packet(step: PacketStep): void {
    this.#line(step.time, `${step.outbound ? '>' : '<'} ${this.#written(step)}`);
    const { flags } = step.tcp;
    if (this.#open || step.outbound || (flags & (ACK | RST)) !== ACK) return;
    if (this.#active !== ((flags & SYN) !== 0)) return;
    this.#open = true;
    if (!this.#active) {
      this.#fd = 4;
      this.#line(step.time, 'accept(3, ..., ...) = 4');
      this.#line(step.time, 'fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0');
    }
    this.#calls(this.#waiting);
  }

  #written({ outbound, tcp, ecn }: PacketStep): string {
    const { flags, length, window, urgent } = tcp;
    const [own, other] = outbound ? [this.#ours, this.#theirs] : [this.#theirs, this.#ours];
    if ((flags & SYN) !== 0) own.isn ??= tcp.seq;
    return formatPacket({
      protocol: 'tcp',
      ip: { ecn: ecn === 0 ? null : (ECN_NAMES[ecn] ?? null), tos: null, ttl: null, flowLabel: null },
      ports: null,
      flags: flagLetters(flags),
      ace: null,
      seq: own.relative(tcp.seq),
      length,
      ack: (flags & ACK) === 0 ? null : other.relative(tcp.ack),
      window: outbound ? null : window,
      urgent: (flags & URG) === 0 ? null : urgent,
      options: optionsOf(tcp.options, outbound, own, other),
    });
  }

  // ---- Calls ----

  #calls(calls: readonly CallStep[]): void {
    const time = calls.at(-1)?.time ?? this.#now;
    const total = (name: CallStep['call']): number =>
      calls.reduce((sum, { call, count }) => (call === name ? sum + count : sum), 0);
    const has = (name: CallStep['call']): boolean => calls.some(({ call }) => call === name);
    const [read, written] = [total('RECEIVE'), total('SEND')];
    if (written > 0) {
      const call = has('CLOSE')
        ? `send(${this.#fd}, ..., ${written}, MSG_MORE)`
        : `write(${this.#fd}, ..., ${written})`;
      this.#line(time, `${call} = ${written}`);
    }
    const shut = has('CLOSE') && !has('ABORT');
    if (shut) this.#line(time, `shutdown(${this.#fd}, SHUT_WR) = 0`);
    // Last, because a read acknowledges what it makes room for, and what is written carries the acknowledgment.
    if (read > 0) this.#line(time, `read(${this.#fd}, ..., ${read}) = ${read}`);
    if (has('ABORT')) {
      this.#line(time, `setsockopt(${this.#fd}, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0`);
      this.#line(time, `close(${this.#fd}) = 0`);
      this.#open = false;
    }
  }
}

/** Numbers of one side, from where it began. */
class Numbers {
  isn: number | null = null;
  #firstStamp: number | null = null;

  relative(number: number): number {
    return (number - (this.isn ?? 0)) >>> 0;
  }

  stamp(value: number): number {
    this.#firstStamp ??= value;
    return (value - this.#firstStamp + FIRST_STAMP) >>> 0;
  }
}

function packetsOf({ steps }: Recording): readonly PacketStep[] {
  return steps.filter((step) => step.kind === 'packet');
}

/** The calls from `index` on that are made at one time, with no packet between. */
function sameInstant(steps: readonly Step[], index: number): readonly CallStep[] {
  const calls: CallStep[] = [];
  for (const step of steps.slice(index)) {
    if (step.kind !== 'call' || step.time !== steps[index]?.time) break;
    calls.push(step);
  }
  return calls;
}

/** In the script's numbers; null, which is not looked at, where the language has no word for what the host sent. */
function optionsOf(
  options: readonly OptionSpec[],
  outbound: boolean,
  own: Numbers,
  other: Numbers,
): readonly OptionSpec[] | null {
  const known = options.filter(({ kind }) => kind !== 'unknown');
  if (known.length < options.length) {
    if (outbound) return null;
    while (encodeOptions(known).length % 4 !== 0) known.push({ kind: 'nop' });
  }
  return known.map((option) => {
    if (option.kind === 'timestamp') {
      const echo = option.echo === 0 ? 0 : other.stamp(option.echo);
      return { kind: 'timestamp', value: own.stamp(option.value), echo };
    }
    if (option.kind !== 'sack') return option;
    const { blocks } = option;
    return {
      kind: 'sack',
      blocks: blocks.map(([left, right]) => [other.relative(left), other.relative(right)] as const),
    };
  });
}
