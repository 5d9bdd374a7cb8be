/**
 * Owns: a look at every packet of a link in both directions, for captures and traces. It changes nothing on the way.
 */

import type { Scheduler } from '../base/scheduler.ts';
import type { Link, LinkReceiver, Offload } from './link.ts';
import { CSUM_PARTIAL, HEADROOM, LARGE_PACKET, Packet } from './packet.ts';
import { complete } from './transport.ts';

/** 'send': from the link's user towards the wire; 'receive': towards the user. */
export type Direction = 'send' | 'receive';

/**
 * Called for every packet, before it goes on.
 *
 * @param time ms, of the scheduler
 * @param packet to look at, during the call only; its checksums are complete
 */
export type TapCallback = (direction: Direction, time: number, packet: Packet) => void;

class Tap implements Link, LinkReceiver {
  readonly medium: 'ip' | 'ethernet';
  readonly mtu: number;
  readonly offload: Offload;
  readonly #inner: Link;
  readonly #scheduler: Scheduler;
  readonly #callback: TapCallback;
  #receiver: LinkReceiver | null = null;
  /** Where a packet without its checksum is copied to be shown with one. */
  #shown: Packet | null = null;

  constructor(inner: Link, scheduler: Scheduler, callback: TapCallback) {
    this.medium = inner.medium;
    this.mtu = inner.mtu;
    this.offload = inner.offload;
    this.#inner = inner;
    this.#scheduler = scheduler;
    this.#callback = callback;
  }

  send(packet: Packet): void {
    this.#show('send', packet);
    this.#inner.send(packet);
  }

  /** As the link itself says. */
  get full(): boolean {
    return this.#inner.full ?? false;
  }

  attach(receiver: LinkReceiver): void {
    this.#receiver = receiver;
    this.#inner.attach(this);
  }

  close(): void {
    this.#inner.close();
  }

  packet(packet: Packet): void {
    this.#show('receive', packet);
    this.#receiver!.packet(packet);
  }

  burstEnd(): void {
    this.#receiver!.burstEnd();
  }

  #show(direction: Direction, packet: Packet): void {
    this.#callback(direction, this.#scheduler.now, packet.checksum === CSUM_PARTIAL ? this.#completed(packet) : packet);
  }

  #completed(packet: Packet): Packet {
    this.#shown ??= new Packet(LARGE_PACKET + 2 * HEADROOM);
    const shown = this.#shown;
    shown.off = packet.off;
    shown.len = packet.len;
    shown.checksum = packet.checksum;
    shown.segmentSize = packet.segmentSize;
    shown.id = packet.id;
    shown.buf.set(packet.buf.subarray(packet.off, packet.off + packet.len), packet.off);
    complete(shown, this.medium);
    return shown;
  }
}

/** Wraps a link so that `callback` sees every packet. Use the returned link in place of `inner`. */
export function tap(inner: Link, scheduler: Scheduler, callback: TapCallback): Link {
  return new Tap(inner, scheduler, callback);
}
