/**
 * Owns: one connection as a script counts it. A script numbers both directions from where it likes; here that is turned into
 * live sequence numbers, ports and timestamps, and back.
 *
 * Numbers of the peer are literal on segments with SYN, since the script chooses its ISN; ours are moved from the script's ISN to the
 * one the host chose. On all other segments both count from the ISN, so that text begins at 1.
 */

import { DrillMismatch } from './errors.ts';
import type { LivePacket, LiveTcp } from './live.ts';
import { AE } from './live.ts';
import type { OptionSpec, TcpSpec } from './script.ts';

const ACK = 0x10;
const SYN = 0x02;

/** How far the connection is, as far as the script's packets tell. */
export type FlowState =
  /** A socket that has not been used. */
  | 'new'
  | 'listening'
  /** `connect` was called: the script's SYN is waited for. */
  | 'connecting'
  /** The script has shown the SYN. */
  | 'syn-sent'
  /** An inbound packet came for a listener, or for nobody. */
  | 'packet-received'
  | 'synack-sent'
  | 'open';

export class Flow {
  state: FlowState;
  localPort: number;
  remotePort: number;
  /** ISNs as the script writes them and as they are. */
  scriptLocalIsn = 0;
  liveLocalIsn = 0;
  remoteIsn = 0;
  /** TSval of ours: as written, to what it was. */
  readonly #stamps: Map<number, number> = new Map();
  #firstStamp: { script: number; live: number } | null = null;
  /** IPv6 flow labels that have been matched. */
  flowLabel: { script: number; live: number } | null = null;

  constructor(state: FlowState, localPort: number, remotePort: number) {
    this.state = state;
    this.localPort = localPort;
    this.remotePort = remotePort;
  }

  /** Whether the host sent this on the connection; the SYN of an active open makes its port and ISN known. */
  sent(packet: LivePacket): boolean {
    const { content } = packet;
    if (content.protocol !== 'tcp') return false;
    if (content.destinationPort !== this.remotePort) return false;
    if (this.localPort === content.sourcePort && this.state !== 'connecting') return true;
    if (this.state !== 'syn-sent' || (content.flags & (SYN | ACK)) !== SYN) return false;
    this.localPort = content.sourcePort;
    this.liveLocalIsn = content.seq;
    return true;
  }

  /** What is ours to be written in the script's numbers; the checks of timestamps come later (`compare.ts`). */
  toScript(live: LiveTcp): TcpSpec {
    const syn = (live.flags & SYN) !== 0;
    const ackOffset = syn ? 0 : this.remoteIsn;
    const seqOffset = syn ? this.liveLocalIsn - this.scriptLocalIsn : this.liveLocalIsn;
    return {
      protocol: 'tcp',
      ip: { ecn: null, tos: null, ttl: null, flowLabel: null },
      ports: null,
      flags: flagLetters(live.flags),
      ace: null,
      seq: (live.seq - seqOffset) >>> 0,
      length: live.length,
      ack: live.flags & ACK ? (live.ack - ackOffset) >>> 0 : live.ack,
      window: live.window,
      urgent: live.urgent,
      options: live.options.map((option) =>
        option.kind === 'sack'
          ? { kind: 'sack', blocks: option.blocks.map(([l, r]) => [(l - ackOffset) >>> 0, (r - ackOffset) >>> 0]) }
          : option,
      ),
    };
  }

  /** What the peer sends, in live numbers. @throws DrillMismatch an echoed timestamp that was never sent */
  toLive(spec: TcpSpec, scaledEcho: boolean): { seq: number; ack: number; options: OptionSpec[] } {
    const syn = spec.flags.includes('S');
    const acks = spec.flags.includes('.');
    const ackOffset = syn ? this.liveLocalIsn - this.scriptLocalIsn : this.liveLocalIsn;
    const ack = spec.ack ?? 0;
    return {
      seq: (spec.seq + (syn ? 0 : this.remoteIsn)) >>> 0,
      ack: acks ? (ack + ackOffset) >>> 0 : ack,
      options: (spec.options ?? []).map((option) => this.#optionToLive(option, ackOffset, acks, scaledEcho)),
    };
  }

  /** Remembers which live timestamp a written one stands for. */
  learnStamp(script: number, live: number): void {
    this.#stamps.set(script, live);
    this.#firstStamp ??= { script, live };
  }

  /** A live TSval on the script's scale: from the first pair on. */
  stampToScript(live: number): number {
    const first = this.#firstStamp;
    return first === null ? live : (first.script + (live - first.live)) >>> 0;
  }

  #optionToLive(option: OptionSpec, ackOffset: number, acks: boolean, scaled: boolean): OptionSpec {
    if (option.kind === 'sack') {
      const blocks = option.blocks.map(([l, r]): [number, number] => [(l + ackOffset) >>> 0, (r + ackOffset) >>> 0]);
      return { kind: 'sack', blocks };
    }
    if (option.kind !== 'timestamp' || !acks) return option;
    const known = this.#stamps.get(option.echo);
    if (known !== undefined) return { ...option, echo: known };
    const first = this.#firstStamp;
    if (!scaled || first === null) throw new DrillMismatch(`TS ecr ${option.echo} echoes no TS val that was sent`);
    return { ...option, echo: (option.echo - first.script + first.live) >>> 0 };
  }
}

const LETTERS: readonly (readonly [string, number])[] = [
  ['F', 0x01],
  ['S', SYN],
  ['R', 0x04],
  ['P', 0x08],
  ['U', 0x20],
  ['E', 0x40],
  ['W', 0x80],
  ['A', AE],
  ['.', ACK],
];

/** The letters of a segment's flags, as scripts write them. */
export function flagLetters(flags: number): string {
  return LETTERS.filter(([, bit]) => flags & bit)
    .map(([letter]) => letter)
    .join('');
}

/** The bits of a script's flags; a digit stands for AE, CWR and ECE. */
export function flagBits(spec: TcpSpec): number {
  let bits = 0;
  for (const [letter, bit] of LETTERS) if (spec.flags.includes(letter)) bits |= bit;
  return bits | aceBits(spec.ace ?? 0);
}

/** AE, CWR, ECE from a number. */
export function aceBits(ace: number): number {
  return (ace & 4 ? AE : 0) | (ace & 2 ? 0x80 : 0) | (ace & 1 ? 0x40 : 0);
}
