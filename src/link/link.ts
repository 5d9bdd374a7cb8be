/**
 * Owns: the contract between a stack's interface and whatever carries its packets. Links wrap links: `tap(impair(x))`.
 */

import type { Packet } from './packet.ts';

/** What a link can spare its users. */
export interface Offload {
  /** Transport checksums need not be completed before `send`: CSUM_PARTIAL is welcome. */
  readonly checksum: boolean;
  /**
   * Largest IP packet in octets that `send` takes as a TCP super-segment (`segmentSize` > 0), up to 65535; 0 where
   * super-segments are not taken. A link that announces this may deliver super-segments too.
   */
  readonly segmentation: number;
}

export const NO_OFFLOAD: Offload = { checksum: false, segmentation: 0 };

/** The user of a link: an interface of a stack, a switch port, or the link wrapped around it. */
export interface LinkReceiver {
  /** A packet has arrived; the receiver owns it now. */
  packet(packet: Packet): void;
  /** No more packets for the moment: time to acknowledge what came (RFC 9293 MUST-58, MUST-59). */
  burstEnd(): void;
}

export interface Link {
  /** 'ip': packets are IP datagrams. 'ethernet': packets are Ethernet II frames without FCS. */
  readonly medium: 'ip' | 'ethernet';
  /** Octets of the largest IP packet. */
  readonly mtu: number;
  readonly offload: Offload;
  /** What is sent now would be dropped: TCP keeps its text back and tries again. Absent: nobody can tell. */
  readonly full?: boolean;
  /** Sends a packet and takes it over. A full queue drops it and counts; `send` never calls back into the sender. */
  send(packet: Packet): void;
  /** Names the one receiver. Until then what arrives is dropped. */
  attach(receiver: LinkReceiver): void;
  /** Ends the link: what is under way is dropped. Harmless when repeated. */
  close(): void;
}
