/**
 * Owns: the two orders in which packets wait: first in first out (`PacketQueue`), and by the time they are due
 * (`PacketHeap`). Neither allocates once it has grown to what its user needs.
 */

import type { Packet } from './packet.ts';

/** A ring of packets, oldest first. */
export class PacketQueue {
  length = 0;
  #slots: (Packet | null)[] = new Array<Packet | null>(16).fill(null);
  #head = 0;

  push(packet: Packet): void {
    if (this.length === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.length) & (this.#slots.length - 1)] = packet;
    this.length++;
  }

  /** Takes the oldest out; null when there is none. */
  shift(): Packet | null {
    if (this.length === 0) return null;
    const packet = this.#slots[this.#head]!;
    this.#slots[this.#head] = null;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.length--;
    return packet;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = [...old.slice(this.#head), ...old.slice(0, this.#head), ...new Array<null>(old.length).fill(null)];
    this.#head = 0;
  }
}

/** Packets ordered by time; among equal times first come, first served. */
export class PacketHeap {
  // Three arrays in step, and no entry objects.
  readonly #times: number[] = [];
  readonly #orders: number[] = [];
  readonly #packets: Packet[] = [];
  #counter = 0;

  get length(): number {
    return this.#times.length;
  }

  /** When the first packet is due, `Infinity` when there is none. */
  next(): number {
    return this.#times.length === 0 ? Infinity : this.#times[0]!;
  }

  push(at: number, packet: Packet): void {
    const order = this.#counter++;
    let slot = this.#times.length;
    this.#times.push(at);
    this.#orders.push(order);
    this.#packets.push(packet);
    // A later order never wins a tie, so times alone decide on the way up.
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      if (this.#times[parent]! <= at) break;
      this.#move(parent, slot);
      slot = parent;
    }
    this.#place(slot, at, order, packet);
  }

  /** Takes the first packet due out; null when there is none. */
  shift(): Packet | null {
    const size = this.#times.length - 1;
    if (size < 0) return null;
    const first = this.#packets[0]!;
    const at = this.#times.pop()!;
    const order = this.#orders.pop()!;
    const packet = this.#packets.pop()!;
    if (size === 0) return first;
    let slot = 0;
    for (;;) {
      let child = slot * 2 + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#before(child + 1, this.#times[child]!, this.#orders[child]!)) child++;
      if (!this.#before(child, at, order)) break;
      this.#move(child, slot);
      slot = child;
    }
    this.#place(slot, at, order, packet);
    return first;
  }

  #before(slot: number, at: number, order: number): boolean {
    const time = this.#times[slot]!;
    return time < at || (time === at && this.#orders[slot]! < order);
  }

  #move(from: number, to: number): void {
    this.#place(to, this.#times[from]!, this.#orders[from]!, this.#packets[from]!);
  }

  #place(slot: number, at: number, order: number, packet: Packet): void {
    this.#times[slot] = at;
    this.#orders[slot] = order;
    this.#packets[slot] = packet;
  }
}
