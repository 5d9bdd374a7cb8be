/**
 * Owns: epoll(7) over the descriptors of a script: level- and edge-triggered, one-shot.
 *
 * An edge is a wake-up: a file counts the times at which a waiter would have been woken up, and a watch remembers the count
 * that it has told of.
 */

import { type Call, Descriptor, done, failed, POLLERR, POLLHUP, POLLIN, POLLRDNORM } from './descriptor.ts';

export const EPOLLONESHOT: number = 1 << 30;
export const EPOLLET: number = 1 << 31;

/** The data of an event are whatever the caller gave: compared, never looked into. */
export interface EpollEvent {
  readonly events: number;
  readonly data: string;
}

interface Watch {
  readonly target: EpollTarget;
  events: number;
  data: string;
  /** Of one-shot watches: it has fired. */
  spent: boolean;
  /** Edge-triggered: what `target.wakeups` was when this was last told. */
  told: number;
}

/** What can be watched: a descriptor that counts the times at which something changed for its user. */
export interface EpollTarget {
  readiness(): number;
  /** How often a waiter would have been woken up. */
  readonly wakeups: number;
}

export class Epoll extends Descriptor {
  readonly #watches: Map<EpollTarget, Watch> = new Map();
  readonly #now: () => number;

  constructor(now: () => number) {
    super();
    this.#now = now;
  }

  readiness(): number {
    return this.#ready(1, false).length > 0 ? POLLIN | POLLRDNORM : 0;
  }

  close(): void {
    this.#watches.clear();
  }

  add(target: EpollTarget, events: number, data: string): string | null {
    if (this.#watches.has(target)) return 'EEXIST';
    this.#watches.set(target, { target, events, data, spent: false, told: -1 });
    return null;
  }

  modify(target: EpollTarget, events: number, data: string): string | null {
    const watch = this.#watches.get(target);
    if (watch === undefined) return 'ENOENT';
    Object.assign(watch, { events, data, spent: false, told: -1 });
    return null;
  }

  remove(target: EpollTarget): string | null {
    return this.#watches.delete(target) ? null : 'ENOENT';
  }

  /** Fills `into` with what is ready. @param timeout ms; negative waits for ever */
  *wait(into: EpollEvent[], max: number, timeout: number): Call {
    if (max <= 0) return failed('EINVAL');
    const deadline = timeout < 0 ? Infinity : this.#now() + timeout;
    for (;;) {
      const ready = this.#ready(max, true);
      if (ready.length > 0 || this.#now() >= deadline) {
        into.push(...ready);
        return done(ready.length);
      }
      yield deadline;
    }
  }

  #ready(max: number, take: boolean): EpollEvent[] {
    const ready: EpollEvent[] = [];
    for (const watch of this.#watches.values()) {
      if (ready.length >= max) break;
      if (watch.spent) continue;
      const events = watch.target.readiness() & (watch.events | POLLERR | POLLHUP);
      const edge = (watch.events & EPOLLET) !== 0;
      const told = edge && watch.told === watch.target.wakeups;
      if (take) watch.told = watch.target.wakeups;
      if (events === 0 || told) continue;
      ready.push({ events, data: watch.data });
      if (take) watch.spent = (watch.events & EPOLLONESHOT) !== 0;
    }
    return ready;
  }
}
