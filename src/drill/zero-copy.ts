/**
 * Owns: sends with MSG_ZEROCOPY: the kernel says in the error queue of a socket which of them it needs no more, by their
 * numbers. To what can be seen here they are sends like any other.
 */

import type { TcpSocket } from '../stack/tcp-socket.ts';
import { textEnd } from '../tcp/tcb.ts';
import { le, type Seq } from '../wire/seq.ts';
import type { ErrorQueue } from './error-queue.ts';

export const MSG_ZEROCOPY = 0x4000000;

/** Parts of an I/O vector that one segment of such a send is made of at most. */
export const MOST_PARTS = 17;

export class ZeroCopy {
  #sends = 0;
  /** Where the sends end that are not acknowledged, in order; the last has number `#sends` - 1. */
  readonly #ends: Seq[] = [];
  readonly #queue: ErrorQueue;

  constructor(queue: ErrorQueue) {
    this.#queue = queue;
  }

  /** A send has been taken, whole or in part. */
  sent(socket: TcpSocket): void {
    this.#sends++;
    this.#ends.push(textEnd(socket.tcb));
  }

  /** Takes note of what is acknowledged, or will never be. @returns whether that is news */
  settle({ tcb }: TcpSocket): boolean {
    const ends = this.#ends;
    const before = ends.length;
    while (ends.length > 0 && (tcb.state === 'CLOSED' || le(ends[0]!, tcb.snd.una))) this.#complete();
    return ends.length < before;
  }

  /** Numbers that follow one another make one completion while nobody has read it. */
  #complete(): void {
    const number = this.#sends - this.#ends.length;
    this.#ends.shift();
    const { newest } = this.#queue;
    if (newest?.kind === 'completion') newest.last = number;
    else this.#queue.put({ kind: 'completion', first: number, last: number });
  }
}
