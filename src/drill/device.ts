/**
 * Owns: the device of the host under test: what is sent is kept in its order, with the time; what a script injects arrives
 * at once.
 */

import type { Scheduler } from '../base/scheduler.ts';
import { type Link, type LinkReceiver, NO_OFFLOAD, type Offload } from '../link/link.ts';
import type { Packet, PacketPool } from '../link/packet.ts';
import { decodePacket, type LivePacket } from './live.ts';

export class Device implements Link {
  readonly medium = 'ip';
  readonly mtu: number;
  readonly offload: Offload = NO_OFFLOAD;
  /** Everything is dropped that is sent. */
  full = false;
  /** What has been sent and not been looked at, the oldest first. */
  readonly sent: LivePacket[] = [];
  /** Hears of what is sent. */
  onSent: (packet: LivePacket) => void = () => {};
  /** Sees every packet either way, with the time in ms: for ladders and captures. */
  onPacket: ((time: number, outbound: boolean, octets: Uint8Array) => void) | null = null;
  readonly #scheduler: Scheduler;
  readonly #pool: PacketPool;
  #receiver: LinkReceiver | null = null;

  constructor(scheduler: Scheduler, pool: PacketPool, mtu: number) {
    this.#scheduler = scheduler;
    this.#pool = pool;
    this.mtu = mtu;
  }

  attach(receiver: LinkReceiver): void {
    this.#receiver = receiver;
  }

  send(packet: Packet): void {
    const octets = packet.buf.slice(packet.off, packet.off + packet.len);
    this.#pool.give(packet);
    if (this.full) return;
    const { now } = this.#scheduler;
    const sent = decodePacket(now, octets);
    this.sent.push(sent);
    this.onSent(sent);
    this.onPacket?.(now, true, octets);
  }

  /**
   * A packet arrives: what it deserves is sent before this returns.
   *
   * @param segmentSize of a super-segment, or 0
   */
  inject(octets: Uint8Array, segmentSize: number = 0): void {
    const receiver = this.#receiver;
    if (receiver === null) return;
    const packet = this.#pool.take(octets.length);
    packet.buf.set(octets, packet.off);
    packet.len = octets.length;
    packet.segmentSize = segmentSize;
    this.onPacket?.(this.#scheduler.now, false, octets);
    receiver.packet(packet);
    receiver.burstEnd();
  }

  close(): void {
    this.#receiver = null;
  }
}
