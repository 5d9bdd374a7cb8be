/**
 * Owns: what is told of captured connections: the frame that a packet came in, the anomalies by Wireshark's names, a
 * segment as its follower sees it. Plain data; who finds it out is `connections.ts` and `analysis.ts`.
 */

import type { SegmentView } from '../trace/events.ts';
import type { Connection } from './connection.ts';

/** What is known of a captured frame besides the IP packet in it. The packets of a capture reader are such. */
export interface Frame {
  /** Its number in the capture, from 1 on. */
  readonly frame: number;
  /** When it was captured: whole seconds from 1970, and nanoseconds on top of them. */
  readonly seconds: number;
  readonly nanoseconds: number;
  /** Octets it had on the wire, with the link's header. */
  readonly length: number;
  /** What was kept of it: `buf[off .. off + kept)`. */
  readonly buf: Uint8Array;
  readonly off: number;
  readonly kept: number;
}

/** What Wireshark 4.0 finds, by the names of its fields `tcp.analysis.*`, in the order of {@link ANOMALIES}. */
export type AnomalyName =
  | 'reused_ports'
  | 'retransmission'
  | 'fast_retransmission'
  | 'spurious_retransmission'
  | 'out_of_order'
  | 'lost_segment'
  | 'ack_lost_segment'
  | 'window_update'
  | 'window_full'
  | 'keep_alive'
  | 'keep_alive_ack'
  | 'duplicate_ack'
  | 'zero_window_probe'
  | 'zero_window'
  | 'zero_window_probe_ack';

/** One kind of anomaly: a bit in a set of them, its field and its words in Wireshark. */
export interface AnomalyKind {
  readonly bit: number;
  readonly name: AnomalyName;
  /** As in Wireshark's column "Info". */
  readonly label: string;
}

export const REUSED_PORTS = 0x0001;
export const RETRANSMISSION = 0x0002;
export const FAST_RETRANSMISSION = 0x0004;
export const SPURIOUS_RETRANSMISSION = 0x0008;
export const OUT_OF_ORDER = 0x0010;
export const LOST_SEGMENT = 0x0020;
export const ACK_LOST_SEGMENT = 0x0040;
export const WINDOW_UPDATE = 0x0080;
export const WINDOW_FULL = 0x0100;
export const KEEP_ALIVE = 0x0200;
export const KEEP_ALIVE_ACK = 0x0400;
export const DUPLICATE_ACK = 0x0800;
export const ZERO_WINDOW_PROBE = 0x1000;
export const ZERO_WINDOW = 0x2000;
export const ZERO_WINDOW_PROBE_ACK = 0x4000;

/** Text that was sent before: one of these three. */
export const SENT_AGAIN: number = RETRANSMISSION | FAST_RETRANSMISSION | SPURIOUS_RETRANSMISSION;

/** All of them, in the order in which a segment's are told. */
export const ANOMALIES: readonly AnomalyKind[] = [
  { bit: REUSED_PORTS, name: 'reused_ports', label: 'TCP Port numbers reused' },
  { bit: RETRANSMISSION, name: 'retransmission', label: 'TCP Retransmission' },
  { bit: FAST_RETRANSMISSION, name: 'fast_retransmission', label: 'TCP Fast Retransmission' },
  { bit: SPURIOUS_RETRANSMISSION, name: 'spurious_retransmission', label: 'TCP Spurious Retransmission' },
  { bit: OUT_OF_ORDER, name: 'out_of_order', label: 'TCP Out-Of-Order' },
  { bit: LOST_SEGMENT, name: 'lost_segment', label: 'TCP Previous segment not captured' },
  { bit: ACK_LOST_SEGMENT, name: 'ack_lost_segment', label: 'TCP ACKed unseen segment' },
  { bit: WINDOW_UPDATE, name: 'window_update', label: 'TCP Window Update' },
  { bit: WINDOW_FULL, name: 'window_full', label: 'TCP Window Full' },
  { bit: KEEP_ALIVE, name: 'keep_alive', label: 'TCP Keep-Alive' },
  { bit: KEEP_ALIVE_ACK, name: 'keep_alive_ack', label: 'TCP Keep-Alive ACK' },
  { bit: DUPLICATE_ACK, name: 'duplicate_ack', label: 'TCP Dup ACK' },
  { bit: ZERO_WINDOW_PROBE, name: 'zero_window_probe', label: 'TCP ZeroWindowProbe' },
  { bit: ZERO_WINDOW, name: 'zero_window', label: 'TCP ZeroWindow' },
  { bit: ZERO_WINDOW_PROBE_ACK, name: 'zero_window_probe_ack', label: 'TCP ZeroWindowProbeAck' },
];

/** An anomaly of one segment. */
export interface Anomaly {
  readonly name: AnomalyName;
  /** As in Wireshark's column "Info": `TCP Retransmission`, `TCP Dup ACK 3#1`. */
  readonly label: string;
  /** Of a duplicate ACK: which one it is, from 1 on, and the frame whose ACK it repeats. */
  readonly duplicate?: { readonly number: number; readonly of: number };
}

/** Which end of a connection: 0 is the one that sent its first captured packet. */
export type End = 0 | 1;

/** A captured segment, as it is told to who asked for segments. */
export interface FollowedSegment {
  readonly frame: number;
  /** ms from 1970; exact to about a microsecond. */
  readonly time: number;
  readonly connection: Connection;
  /** Who sent it. */
  readonly from: End;
  /** Addresses as text; the ports are in `segment`. */
  readonly src: string;
  readonly dst: string;
  readonly segment: SegmentView;
  /** The first fragment of an IP packet: `length` is that of the fragment, and no anomalies are looked for. */
  readonly fragment: boolean;
  /** Its header breaks off in the capture, or makes no sense: options may be missing. */
  readonly cut: boolean;
  /** Empty for nearly all; those of {@link ANOMALIES}, in its order. */
  readonly anomalies: readonly Anomaly[];
}

export interface ConnectionsOptions {
  /**
   * Told every segment, in order, after the connection has taken it into account. While nobody listens, no object is
   * made for a packet.
   */
  readonly onSegment?: (segment: FollowedSegment) => void;
  /** Of this stream alone, where it is given. */
  readonly onlyStream?: number;
  /** Told of a connection that is given up because there are too many. */
  readonly onDropped?: (connection: Connection) => void;
  /** How many connections are kept at most; then old ones are dropped, ended ones first. 100,000 unless told. */
  readonly maxConnections?: number;
}

/** What a capture held, packet by packet. */
export interface Counts {
  /** IP packets that were taken. */
  packets: number;
  /** Those with a TCP segment that belongs to a connection. */
  segments: number;
  /** Without TCP, or with it in what is not looked into. */
  other: number;
  /** Later fragments of a packet: they have no TCP header. */
  fragments: number;
  /** ICMP errors that quote a segment. */
  quoted: number;
  /** The capture kept too little of the packet, or its headers contradict themselves. */
  malformed: number;
  /** Connections that are no longer kept. */
  dropped: number;
}
