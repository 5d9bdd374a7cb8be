/**
 * Owns: what goes into a run of the lab and what comes out of it, as plain data: the agreement between the engine, which knows
 * no page, and the page, which knows no TCP. Everything here passes through `structuredClone` unchanged.
 *
 * Times are virtual milliseconds from the beginning of the run, sizes octets. Sequence numbers are absolute.
 */

import type { SegmentView, StateName, TimerName, TraceEvent } from 'tsyn/trace';

/** The lanes of the ladder from left to right. `C` is whoever else can send: an old incarnation, an attacker. */
export type HostName = 'A' | 'B' | 'C';

/** A packet by its sender and how many-th of that sender it is, from 1 on: later edits do not rename it. */
export interface PacketName {
  readonly host: HostName;
  readonly nth: number;
}

/** What a host's application can be told to do. */
export type CallName = 'open' | 'listen' | 'send' | 'receive' | 'close' | 'abort';

/** A change to what the preset would have done. The list of them is the undo history. */
export type Edit =
  | { readonly op: 'lose' | 'corrupt' | 'swap'; readonly packet: PacketName }
  /** `duplicate`: a copy comes `by` ms after it. `delay`: it comes `by` ms later itself. `inject`: it comes once more, at `at`. */
  | { readonly op: 'duplicate' | 'delay'; readonly packet: PacketName; readonly by: number }
  | { readonly op: 'inject'; readonly packet: PacketName; readonly at: number }
  /** What `host` sends from `at` until `until` is lost; null is everybody. */
  | { readonly op: 'partition'; readonly host: HostName | null; readonly at: number; readonly until: number }
  /** It forgets everything, without a word, and is up again at once. */
  | { readonly op: 'crash'; readonly host: HostName; readonly at: number }
  | {
      readonly op: 'call';
      readonly host: HostName;
      readonly at: number;
      readonly call: CallName;
      /** For `send` (1 if absent) and `receive` (absent: everything, from now on). */
      readonly octets?: number;
    };

/** What the network and the hosts are like. A preset has some of its own, and the user may change those that it names. */
export interface Settings {
  /** One way, ms. */
  readonly latency: number;
  /** Octets a second each way; 0 is no limit. And what may wait for its turn. */
  readonly rate: number;
  readonly queue: number;
  /** Chance of each packet to be lost, 0 .. 1. */
  readonly loss: number;
  /** Largest IP packet that the hosts' own link takes, and the network; a packet larger than the latter vanishes. */
  readonly mtu: number;
  readonly pathMtu: number;
  readonly timestamps: boolean;
  readonly windowScaling: boolean;
  readonly sack: boolean;
  readonly ecn: boolean;
  readonly nagle: boolean;
  /** Longest delay of an ACK, ms. */
  readonly delayedAck: number;
  /** Maximum segment lifetime, ms. */
  readonly msl: number;
  readonly keepAlive: boolean;
  readonly receiveBuffer: number;
  readonly congestion: 'cubic' | 'newreno';
  /** Connections that a listener may have in SYN-RECEIVED, and whether it answers with cookies beyond. */
  readonly backlog: number;
  readonly cookies: boolean;
  /** Each connection begins at another sequence number, as it should; otherwise always at the same one. */
  readonly freshIsn: boolean;
}

/** All that a run depends on: the same input, the same run. */
export interface Input {
  /** A preset's id. */
  readonly preset: string;
  /** An integer from 0. */
  readonly seed: number;
  /** What differs from the preset's settings. */
  readonly settings: Partial<Settings>;
  readonly edits: readonly Edit[];
}

/** What came of one input to the world: an arrival, a call, a timer, or something in the network. */
export interface Step {
  readonly time: number;
  /** Where; null for the network. */
  readonly host: HostName | null;
  readonly cause: 'arrival' | 'call' | 'timer' | 'network' | 'note';
  /** Its events: `count` from `events[first]` on. */
  readonly first: number;
  readonly count: number;
  /** The packet (`PacketRecord.packet`) that arrived, or that something happened to. */
  readonly packet: number | null;
}

export type Fate = 'delivered' | 'lost' | 'corrupted' | 'in flight';

/**
 * One packet on the wire; a copy is a record of its own. A duplicate's events carry the number of its original, as everywhere in
 * the package (steps carry its own); what is injected has a number of its own in both.
 */
export interface PacketRecord {
  /** As in the events; position + 1 in `Run.packets`. */
  readonly packet: number;
  /** What edits call it. A copy has its original's name, and edits are about the original. */
  readonly name: PacketName;
  /** It is a copy: of which packet. */
  readonly copyOf: number | null;
  /** It came once more by an edit, or was forged. */
  readonly injected: boolean;
  readonly from: HostName;
  readonly to: HostName;
  /** Where its addresses say that it comes from: another than `from` when it is forged or old. */
  readonly claims: HostName;
  readonly sent: number;
  /** When it came, or would have come. */
  readonly arrives: number;
  readonly fate: Fate;
  /** Which of `Input.edits` decided it, or null. */
  readonly edit: number | null;
  readonly segment: SegmentView;
  readonly retransmission: boolean;
  /** The IPv4 packet. */
  readonly octets: Uint8Array;
}

/** A connection's TCB, in RFC 9293's words where it has words. Null where there is nothing yet. */
export interface ConnectionView {
  readonly id: number;
  readonly local: string;
  readonly remote: string;
  readonly state: StateName;
  readonly sndUna: number | null;
  readonly sndNxt: number | null;
  readonly sndWnd: number | null;
  readonly sndWl1: number | null;
  readonly sndWl2: number | null;
  readonly iss: number | null;
  readonly rcvNxt: number | null;
  readonly rcvWnd: number | null;
  readonly irs: number | null;
  readonly mss: number;
  readonly cwnd: number;
  readonly ssthresh: number;
  /** Octets taken to be in the network. */
  readonly pipe: number;
  readonly srtt: number | null;
  readonly rttvar: number | null;
  readonly rto: number;
  readonly backoff: number;
  readonly duplicates: number;
  /** What the peer has reported beyond a gap, and what is held beyond one here. */
  readonly sacked: readonly (readonly [number, number])[];
  readonly held: readonly (readonly [number, number])[];
  readonly tsRecent: number | null;
  /** Octets written and never sent, sent and not acknowledged, received and not read; and the room of both buffers. */
  readonly unsent: number;
  readonly unacked: number;
  readonly unread: number;
  readonly sendBuffer: number;
  readonly receiveBuffer: number;
  /** Timers that run: since when, and when they are due. */
  readonly timers: readonly { readonly timer: TimerName; readonly since: number; readonly due: number }[];
}

/** A host after a step. */
export interface HostView {
  /** A listener's own TCB first, in LISTEN, then connections, the newest last. One that is over is gone. */
  readonly connections: readonly ConnectionView[];
  /** A listener's queue of half-open connections, or null. */
  readonly backlog: { readonly used: number; readonly limit: number; readonly cookies: number } | null;
  /** Octets that the application has read and written so far, and what it has been told last (`ECONNRESET`), if anything. */
  readonly read: number;
  readonly written: number;
  /** Of what was read: octets that belong to another connection than the one they came out of. */
  readonly foreign: number;
  readonly told: string | null;
}

/** What a host looks like from a step on. */
export interface ViewChange {
  /** Position in `Run.steps`: afterwards it looks so. */
  readonly step: number;
  readonly host: HostName;
  readonly view: HostView;
}

export interface Run {
  readonly input: Input;
  /** The preset's settings and the input's. */
  readonly settings: Settings;
  readonly lanes: readonly HostName[];
  readonly events: readonly TraceEvent[];
  readonly steps: readonly Step[];
  readonly packets: readonly PacketRecord[];
  /** In the order of steps. */
  readonly views: readonly ViewChange[];
  /** When the last thing happened. */
  readonly end: number;
  /** Edits that found nothing to change: positions in `input.edits`. */
  readonly idle: readonly number[];
  /** The preset's own end has been reached: everything is as it should be in the untouched run. */
  readonly asExpected: boolean;
  /** The preset's challenge is met. */
  readonly met: boolean;
}
