/**
 * Owns: the end of a simulated link at a host or a switch: the place where a packet does not pass because the link is
 * down, the host has crashed, the network is partitioned, or the link carries less than its user believes. It outlives
 * the host's stacks: one crashes, the next one attaches. Leaves to others: what happens on the way (`link/impair.ts`).
 */

import type { Link, LinkReceiver, Offload } from '../link/link.ts';
import type { Packet } from '../link/packet.ts';
import { ETHERNET_HEADER } from '../wire/ethernet.ts';

/** One direction of a link, as both of its ports see it. */
export interface Way {
  /** Nothing that is sent or arrives passes. */
  down: boolean;
  /** Octets of the largest IP packet that passes. Larger ones vanish: nobody is told. */
  limit: number;
}

/** Why a port did not let a packet pass. */
export type StopReason = 'link-down' | 'link-too-big' | 'host-down' | 'partition';

/** What a port wants to know of its link. */
export interface PortOwner {
  /** Whether a packet that has arrived at `port` may not pass, for a partition of the network. */
  parted(port: Port, packet: Packet): boolean;
  /** Takes a packet over that does not pass. */
  stopped(packet: Packet, way: Way, reason: StopReason): void;
}

export class Port implements Link, LinkReceiver {
  readonly medium: 'ip' | 'ethernet';
  readonly mtu: number;
  readonly offload: Offload;
  #inner: Link;
  readonly #out: Way;
  readonly #in: Way;
  readonly #owner: PortOwner;
  #receiver: LinkReceiver | null = null;

  /** @param mtu octets of the largest IP packet that the user of this end is told it may send */
  constructor(inner: Link, mtu: number, out: Way, into: Way, owner: PortOwner) {
    this.medium = inner.medium;
    this.mtu = mtu;
    this.offload = inner.offload;
    this.#inner = inner;
    this.#out = out;
    this.#in = into;
    this.#owner = owner;
    inner.attach(this);
  }

  /** Puts something between this end and the rest of the link. */
  insert<T extends Link>(wrap: (inner: Link) => T): T {
    const wrapped = wrap(this.#inner);
    this.#inner = wrapped;
    wrapped.attach(this);
    return wrapped;
  }

  send(packet: Packet): void {
    if (this.#out.down) this.#owner.stopped(packet, this.#out, 'link-down');
    else if (this.#receiver === null) this.#owner.stopped(packet, this.#out, 'host-down');
    else if (packet.len > this.#out.limit && this.#tooBig(packet)) {
      this.#owner.stopped(packet, this.#out, 'link-too-big');
    } else this.#inner.send(packet);
  }

  attach(receiver: LinkReceiver): void {
    this.#receiver = receiver;
  }

  /** The user has gone; the link stays for the next one. */
  close(): void {
    this.#receiver = null;
  }

  packet(packet: Packet): void {
    if (this.#in.down) this.#owner.stopped(packet, this.#in, 'link-down');
    else if (this.#receiver === null) this.#owner.stopped(packet, this.#in, 'host-down');
    else if (this.#owner.parted(this, packet)) this.#owner.stopped(packet, this.#in, 'partition');
    else this.#receiver.packet(packet);
  }

  burstEnd(): void {
    this.#receiver?.burstEnd();
  }

  #tooBig(packet: Packet): boolean {
    if (packet.segmentSize > 0) return false;
    return packet.len - (this.medium === 'ethernet' ? ETHERNET_HEADER : 0) > this.#out.limit;
  }
}
