import { describe, expect, it } from 'vitest';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';
import type { TraceEvent } from '../../src/trace/index.ts';
import { ACK, type Book, judge, Numbers, run, SYN } from './course.ts';
import { RtoBook } from './rto-book.ts';

const MSS = 1448;

/**
 * The restart window by the book (RFC 5681 4.1, with the initial window of RFC 6928 4): when nothing has been sent for longer than
 * RTO and nothing is outstanding, what leaves until the next ACK is ten segments at most; otherwise the window is as it was.
 */
class IdleBook implements Book {
  /** Bursts after idleness, and after pauses that were none; the largest of these, octets. */
  restarts = 0;
  pauses = 0;
  largest = 0;
  readonly #rto: RtoBook = new RtoBook();
  readonly #numbers: Numbers = new Numbers();
  #una = 1;
  #nxt = 1;
  #lastSent = Infinity;
  #cwnd = 0;
  #most = Infinity;

  take(event: TraceEvent): string | null {
    const rto = this.#rto.rto;
    this.#rto.take(event);
    if (event.type === 'congestion') this.#cwnd = event.cwnd;
    if (event.type === 'segment-received' && event.segment.flags & ACK) {
      if ((event.segment.flags & SYN) === 0) this.#una = this.#numbers.of(event.segment.ack);
      this.#most = Infinity;
    }
    if (event.type !== 'segment-sent') return null;
    const { segment, time } = event;
    if (segment.flags & SYN) this.#numbers.iss = segment.seq;
    if (segment.length === 0) return null;
    if (this.#una === this.#nxt && this.#most === Infinity && this.#lastSent < time) {
      const idle = time - this.#lastSent > rto;
      if (idle) this.restarts++;
      else this.pauses++;
      this.#most = idle ? Math.min(this.#cwnd, 10 * MSS) : this.#cwnd;
    }
    this.#lastSent = time;
    this.#nxt = this.#numbers.end(segment);
    const flight = this.#nxt - this.#una;
    if (this.#most > 10 * MSS && this.#most < Infinity) this.largest = Math.max(this.largest, flight);
    return flight > this.#most ? `${flight} octets at once after a pause, the window is ${this.#most}` : null;
  }
}

describe('after idleness the window is what RFC 5681 4.1 says', () => {
  it.each(['newreno', 'cubic'])('%s: the initial window after more than RTO, as it was after less', (congestion) => {
    for (const sack of [true, false]) {
      const book = new IdleBook();
      const sockets: TcpSocket[] = [];
      const options = { congestion, sack, mtuProbing: 'off' as const };
      const course = run({
        seed: 1,
        forth: { delay: 50, rate: 1e8, queuePackets: 1000 },
        back: { delay: 50 },
        options,
        duration: 22_000,
        application: (socket) => sockets.push(socket),
        wire: (_, world) => {
          for (let i = 0, at = 500; at < 20_000; i++, at += i % 3 === 0 ? 3000 : 550) {
            world.run(at);
            sockets[0]!.write(new Uint8Array(200_000));
          }
        },
      });
      judge(course, book);
      expect(book.restarts).toBeGreaterThan(3);
      expect(book.pauses).toBeGreaterThan(3);
      expect(book.largest).toBeGreaterThan(20 * MSS);
    }
  });
});
