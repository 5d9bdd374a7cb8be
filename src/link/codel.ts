/**
 * Owns: the queue of a rate limit managed by CoDel (RFC 8289): what waits longer than a target for a whole interval is
 * thinned out from the front, more often the longer that lasts. Where tail drop decides when a packet comes, this decides when
 * its turn comes, so packets do wait here. Leaves to others: the time on the way after that (`lane.ts`).
 */

import { ARRIVAL, type Scheduler, type Task } from '../base/scheduler.ts';
import type { Packet } from './packet.ts';

/** A packet that waits, and what chance has in store for it. */
export interface Waiting {
  readonly packet: Packet;
  /** Octets of IP packet. */
  readonly octets: number;
  /** When it came, ms. */
  readonly since: number;
  /** How late it will be beyond the link's delay, ms. */
  readonly late: number;
  /** For how long it will be held back so that others pass, ms; -1 when it is not. */
  readonly held: number;
}

/** The settings, as they are when a packet's turn comes. */
export interface CodelSettings {
  /** Bits per second. */
  readonly rate: number;
  /** Time that packets may wait, ms. */
  readonly codelTarget: number;
  /** For how long they must have waited longer before one is dropped, ms. */
  readonly codelInterval: number;
}

/** What becomes of packets; settings are asked for each. */
export interface CodelOwner {
  settings(): CodelSettings;
  /** The packet's last bit is sent. */
  transmitted(waiting: Waiting): void;
  /** The packet is dropped. */
  thinned(packet: Packet): void;
}

/** Dropping begins where it left off when the queue was good for less than so many intervals (RFC 8289 5.4). */
const MEMORY = 16;

export class CodelQueue implements Task {
  at: number = Infinity;
  order = 0;
  slot = -1;
  /** Octets that wait. */
  octets = 0;
  readonly #scheduler: Scheduler;
  readonly #owner: CodelOwner;
  #queue: Waiting[] = [];
  #head = 0;
  /** In transmission now. */
  #current: Waiting | null = null;
  /** The largest packet so far: with no more than one of that size waiting the queue is good. */
  #largest = 0;

  // RFC 8289 5.
  #firstAbove = 0;
  #dropNext = 0;
  #count = 0;
  #lastCount = 0;
  #dropping = false;

  constructor(scheduler: Scheduler, owner: CodelOwner) {
    this.#scheduler = scheduler;
    this.#owner = owner;
  }

  /** Packets that wait or are being sent. */
  get packets(): number {
    return this.#queue.length - this.#head + (this.#current === null ? 0 : 1);
  }

  /** @param idleAt when the transmitter is free of what came before this queue was used, ms */
  push(waiting: Waiting, idleAt: number): void {
    this.#queue.push(waiting);
    this.octets += waiting.octets;
    this.#largest = Math.max(this.#largest, waiting.octets);
    if (this.slot < 0) this.#scheduler.schedule(this, Math.max(idleAt, this.#scheduler.now), ARRIVAL);
  }

  /** What was in transmission is sent; the next one's turn. */
  run(now: number): void {
    const sent = this.#current;
    this.#current = null;
    if (sent !== null) this.#owner.transmitted(sent);
    const next = this.#dequeue(now);
    if (next === null) return;
    this.#current = next;
    this.#scheduler.schedule(this, now + (next.octets * 8000) / this.#owner.settings().rate, ARRIVAL);
  }

  /** Takes everything out. */
  clear(): Packet[] {
    this.#scheduler.cancel(this);
    const all = this.#queue.slice(this.#head).map(({ packet }) => packet);
    if (this.#current !== null) all.unshift(this.#current.packet);
    this.#current = null;
    this.#queue = [];
    this.#head = 0;
    this.octets = 0;
    return all;
  }

  /** The packet to send next (RFC 8289 5.5); null when there is none. */
  #dequeue(now: number): Waiting | null {
    let next = this.#take();
    let late = this.#isLate(next, now);
    if (this.#dropping) {
      if (!late) this.#dropping = false;
      while (this.#dropping && now >= this.#dropNext) {
        this.#drop(next!);
        this.#count++;
        next = this.#take();
        late = this.#isLate(next, now);
        if (late) this.#dropNext = this.#after(this.#dropNext);
        else this.#dropping = false;
      }
    } else if (late) {
      this.#drop(next!);
      next = this.#take();
      this.#isLate(next, now);
      this.#dropping = true;
      const recent = now - this.#dropNext < MEMORY * this.#owner.settings().codelInterval;
      const delta = this.#count - this.#lastCount;
      this.#count = delta > 1 && recent ? delta : 1;
      this.#dropNext = this.#after(now);
      this.#lastCount = this.#count;
    }
    return next;
  }

  /** Whether packets have waited longer than the target for an interval (RFC 8289 5.6). */
  #isLate(waiting: Waiting | null, now: number): boolean {
    const { codelTarget, codelInterval } = this.#owner.settings();
    if (waiting === null || now - waiting.since < codelTarget || this.octets <= this.#largest) {
      this.#firstAbove = 0;
      return false;
    }
    if (this.#firstAbove === 0) {
      this.#firstAbove = now + codelInterval;
      return false;
    }
    return now >= this.#firstAbove;
  }

  /** The control law (RFC 8289 5.3). */
  #after(time: number): number {
    return time + this.#owner.settings().codelInterval / Math.sqrt(this.#count);
  }

  #drop(waiting: Waiting): void {
    this.#owner.thinned(waiting.packet);
  }

  #take(): Waiting | null {
    const next = this.#queue[this.#head];
    if (next === undefined) return null;
    this.#head++;
    this.octets -= next.octets;
    // What was taken out is let go in one piece, now and then.
    if (this.#head >= 64 && this.#head * 2 >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return next;
  }
}
