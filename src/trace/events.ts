/**
 * Owns: the one typed union of everything observable. Ladders, captures, statistics, the lab and test failures are
 * views of a list of these. Every event is plain data.
 */

/** The eleven states of RFC 9293 3.3.2. */
export type StateName =
  | 'CLOSED'
  | 'LISTEN'
  | 'SYN-SENT'
  | 'SYN-RECEIVED'
  | 'ESTABLISHED'
  | 'FIN-WAIT-1'
  | 'FIN-WAIT-2'
  | 'CLOSE-WAIT'
  | 'CLOSING'
  | 'LAST-ACK'
  | 'TIME-WAIT';

export type TimerName =
  | 'retransmission'
  | 'tail-loss-probe'
  | 'reordering'
  | 'persist'
  | 'delayed-ack'
  | 'keep-alive'
  | 'pacing'
  | 'user'
  | 'linger'
  | 'cork'
  | 'time-wait'
  | 'fin-wait-2';

/** Time in ms, the host's name. */
interface At {
  readonly time: number;
  readonly host: string;
}

/** Which connection of the host: `id` is unique in the host's life; addresses print as `192.0.2.1:80`, `[::1]:80`. */
export interface ConnectionRef {
  readonly id: number;
  readonly local: string;
  readonly remote: string;
}

/** A segment's header in readable form. Sequence numbers are absolute. */
export interface SegmentView {
  readonly srcPort: number;
  readonly dstPort: number;
  readonly seq: number;
  /** Meaningful only with the ACK flag. */
  readonly ack: number;
  /** FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128 */
  readonly flags: number;
  /** As on the wire, unscaled. */
  readonly window: number;
  readonly urgent: number;
  /** Octets of text. */
  readonly length: number;
  readonly mss?: number;
  readonly windowScale?: number;
  readonly sackPermitted?: boolean;
  /** The fast open cookie in hexadecimal digits, empty for the request for one. */
  readonly fastOpen?: string;
  readonly tsVal?: number;
  readonly tsEcr?: number;
  readonly sack?: ReadonlyArray<readonly [number, number]>;
}

export interface SegmentEvent extends At {
  readonly type: 'segment-sent' | 'segment-received';
  /** The packet's name: the same at sender and receiver. */
  readonly packet: number;
  readonly src: string;
  readonly dst: string;
  readonly segment: SegmentView;
  /** Sent again: some of its sequence numbers were sent before. */
  readonly retransmission?: boolean;
  /** What an analysis found in it, e.g. `TCP Dup ACK 3#1`; of a sent one only. They take the place of the word for a retransmission. */
  readonly remarks?: readonly string[];
  /**
   * Which of several connections, one after the other, of the same pair of sockets it belongs to, from 1 on, where the teller
   * of the story knows: the numbers alone do not tell.
   */
  readonly incarnation?: number;
}

export interface DropEvent extends At {
  readonly type: 'packet-dropped';
  readonly packet: number;
  readonly reason: string;
}

/** What an impaired link did to a packet. `host` is the link's name. */
export interface LinkEvent extends At {
  readonly type:
    | 'packet-lost'
    | 'packet-duplicated'
    | 'packet-reordered'
    | 'packet-corrupted'
    | 'packet-held'
    | 'packet-released'
    | 'packet-injected';
  readonly packet: number;
}

export interface StateEvent extends At {
  readonly type: 'state';
  readonly connection: ConnectionRef;
  readonly from: StateName;
  readonly to: StateName;
}

export interface TimerEvent extends At {
  readonly type: 'timer-set' | 'timer-stopped' | 'timer-fired';
  readonly connection: ConnectionRef;
  readonly timer: TimerName;
  /** When it will fire, ms; on 'timer-set' only. */
  readonly due?: number;
}

export interface CongestionEvent extends At {
  readonly type: 'congestion';
  readonly connection: ConnectionRef;
  /** Octets. */
  readonly cwnd: number;
  readonly ssthresh: number;
  /** Octets taken to be in the network: sent, and neither acknowledged, reported nor lost (RFC 6675 4). */
  readonly pipe: number;
  readonly phase: 'slow-start' | 'congestion-avoidance' | 'fast-recovery' | 'loss';
  /** The last reduction was found needless and is taken back. */
  readonly undone?: true;
}

/** A user call of RFC 9293 3.10.1 to 3.10.6, with its result. */
export interface CallEvent extends At {
  readonly type: 'call';
  readonly connection: ConnectionRef;
  readonly call: 'OPEN' | 'SEND' | 'RECEIVE' | 'CLOSE' | 'ABORT';
  /** Octets for SEND and RECEIVE. */
  readonly count?: number;
  readonly result: string;
}

/** Words from whoever tells the story (the demo, a scenario). */
export interface NoteEvent extends At {
  readonly type: 'note';
  readonly text: string;
}

export type TraceEvent =
  | SegmentEvent
  | DropEvent
  | LinkEvent
  | StateEvent
  | TimerEvent
  | CongestionEvent
  | CallEvent
  | NoteEvent;

export type TraceSink = (event: TraceEvent) => void;
