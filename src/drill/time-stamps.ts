/**
 * Owns: SO_TIMESTAMPING of sends: the error queue of a socket tells when the last octet of each send was given to the device's
 * queue, left the device, and was acknowledged. Time stamps of what arrives, and those that a device makes, are not to be had here.
 */

import type { TcpSocket } from '../stack/tcp-socket.ts';
import { textEnd } from '../tcp/tcb.ts';
import { add, diff, gt, le, lt, type Seq, seq } from '../wire/seq.ts';
import type { ErrorQueue } from './error-queue.ts';
import type { LiveTcp } from './live.ts';
import { symbol } from './symbols.ts';

const TX_SOFTWARE = symbol('SOF_TIMESTAMPING_TX_SOFTWARE')!;
const TX_SCHED = symbol('SOF_TIMESTAMPING_TX_SCHED')!;
const TX_ACK = symbol('SOF_TIMESTAMPING_TX_ACK')!;
const SOFTWARE = symbol('SOF_TIMESTAMPING_SOFTWARE')!;
const OPT_ID = symbol('SOF_TIMESTAMPING_OPT_ID')!;
const OPT_ID_TCP = symbol('SOF_TIMESTAMPING_OPT_ID_TCP')!;
const OPT_TSONLY = symbol('SOF_TIMESTAMPING_OPT_TSONLY')!;
const OPT_STATS = symbol('SOF_TIMESTAMPING_OPT_STATS')!;

/** What is noted of sends. */
const RECORDED = TX_SOFTWARE | TX_SCHED | TX_ACK;

/** The end of a send whose time stamps are to come. */
interface Mark {
  end: Seq;
  /** Which of them, as flags. */
  wanted: number;
  sent: boolean;
}

/** Text that has left, and when (ms). */
interface Departure {
  readonly from: Seq;
  readonly to: Seq;
  readonly time: number;
}

export class TimeStamps {
  readonly #queue: ErrorQueue;
  /** SOF_TIMESTAMPING flags. */
  #flags = 0;
  /** Where keys count from. */
  #origin: Seq = seq(0);
  #marks: Mark[] = [];
  #departures: Departure[] = [];

  constructor(queue: ErrorQueue) {
    this.#queue = queue;
  }

  get flags(): number {
    return this.#flags;
  }

  /** Time stamps are told, not only made. */
  get told(): boolean {
    return (this.#flags & SOFTWARE) !== 0;
  }

  /** @param socket null where nothing is open. @returns an errno, or null */
  set(flags: number, socket: TcpSocket | null): string | null {
    if (flags & OPT_ID_TCP && !(flags & OPT_ID)) return 'EINVAL';
    if (flags & OPT_STATS && !(flags & OPT_TSONLY)) return 'EINVAL';
    if (flags & OPT_ID && !(this.#flags & OPT_ID)) {
      if (socket === null || socket.state === 'CLOSED') return 'EINVAL';
      this.#origin = flags & OPT_ID_TCP ? textEnd(socket.tcb) : socket.tcb.snd.una;
    }
    this.#flags = flags;
    return null;
  }

  /** A send has been taken, whole or in part. Where it was added to a piece that waits, the piece has one mark: the newer. */
  written({ tcb }: TcpSocket): void {
    const wanted = this.#flags & RECORDED;
    if (wanted === 0) return;
    const end = textEnd(tcb);
    const last = this.#marks.at(-1);
    if (last !== undefined && !last.sent && tcb.bursts !== null && gt(last.end, tcb.bursts.piece)) {
      last.end = end;
      last.wanted |= wanted;
    } else this.#marks.push({ end, wanted, sent: false });
  }

  /** A segment has left. The call that brought its text may not be over. */
  left(segment: LiveTcp, time: number): void {
    const from = seq(segment.seq);
    if (segment.length > 0) this.#departures.push({ from, to: add(from, segment.length), time });
  }

  /** Takes note of what was acknowledged and, thereupon, sent. @returns whether that is news */
  settle({ tcb }: TcpSocket, now: number): boolean {
    const before = this.#queue.newest;
    while (this.#marks.length > 0 && le(this.#marks[0]!.end, tcb.snd.una)) {
      const { end, wanted } = this.#marks.shift()!;
      if (wanted & TX_ACK) this.#tell('SCM_TSTAMP_ACK', end, now);
    }
    for (const { from, to, time } of this.#departures) {
      for (const mark of this.#marks) {
        if (lt(from, mark.end) && le(mark.end, to)) this.#sent(mark, time);
      }
    }
    this.#departures = [];
    return this.#queue.newest !== before;
  }

  /** What is sent again is told again. */
  #sent(mark: Mark, time: number): void {
    mark.sent = true;
    if (mark.wanted & TX_SCHED) this.#tell('SCM_TSTAMP_SCHED', mark.end, time);
    if (mark.wanted & TX_SOFTWARE) this.#tell('SCM_TSTAMP_SND', mark.end, time);
  }

  #tell(what: string, end: Seq, time: number): void {
    const key = this.#flags & OPT_ID ? diff(end, this.#origin) - 1 : 0;
    this.#queue.put({
      kind: 'stamp',
      what: symbol(what)!,
      time,
      key: key >>> 0,
      withText: (this.#flags & OPT_TSONLY) === 0,
    });
  }
}
