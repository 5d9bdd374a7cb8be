/**
 * Owns: the ladder of one host while it happens, line by line: what it sends and receives, in which state that finds or
 * leaves its connections, timers that fire. The peers share the other lane. What is remembered of connections is bounded, so
 * that a host can be watched for as long as it is up. Leaves to others: ladders of what is over (`ladder.ts`).
 *
 *         ms   port state          tsyn                                               peer
 *      0.000     80 SYN-RECEIVED  |<--------------- SYN seq=0 win=64240 mss=1460 ----------|  10.77.0.1:40112
 *      0.113     80               |---- SYN,ACK seq=0 ack=1 win=65535 mss=1460 ----------->|  10.77.0.1:40112
 */

import type { ConnectionRef, SegmentEvent, TimerEvent, TraceEvent } from './events.ts';
import { GLYPHS, type Glyphs } from './ladder.ts';
import { Resent } from './resent.ts';
import { clip, displayWidth, endpoint, padEnd, padStart, RelativeNumbers } from './text.ts';
import { duration, type Language, WORDS, type Words } from './words.ts';

export interface LiveLadderOptions {
  /** The host's name. Its events alone are shown. */
  readonly host: string;
  /** Default 'en'. */
  readonly lang?: Language;
  /** Columns, without the peers' addresses. Longer texts are cut, ending in `~`. Default 110. */
  readonly width?: number;
  /** Default 'ascii'. */
  readonly charset?: 'ascii' | 'unicode';
  /** Times are shown from here, ms; by default from the first event on. */
  readonly origin?: number;
}

/** Columns of a time, of a port and of the longest state, with the spaces around them. */
const TIME = 11;
const BESIDE = TIME + 2 + 5 + 1 + 12 + 2;
const NARROWEST = 30;
/** Connections whose numbers are remembered; the one that was quiet for the longest is forgotten. */
const REMEMBERED = 1024;
/** States that a call of the user leads to, whatever has just arrived. */
const BY_CALLS: readonly string[] = ['SYN-SENT', 'FIN-WAIT-1', 'LAST-ACK'];

/** What is in the lane of a row: an arrow, or words of our side. */
interface Lane {
  readonly kind: 'sent' | 'received' | 'text';
  readonly text: string;
  /** The packet's name in the trace, 0 where there is none. */
  readonly packet: number;
}

/** A row that may still get a state, or something in its lane: both are of one instant and one connection. */
interface Row {
  readonly time: number;
  readonly local: string;
  readonly remote: string;
  state: string;
  lane: Lane | null;
}

/** What is remembered of a pair of endpoints. */
interface Flow {
  readonly numbers: RelativeNumbers;
  readonly resent: Resent;
}

export class LiveLadder {
  readonly #line: (text: string) => void;
  readonly #host: string;
  readonly #words: Words;
  readonly #glyphs: Glyphs;
  readonly #lane: number;
  readonly #flows: Map<string, Flow> = new Map();
  #origin: number | null;
  #begun = false;
  #row: Row | null = null;

  /** @param line called with each line, without a line feed */
  constructor(line: (text: string) => void, options: LiveLadderOptions) {
    this.#line = line;
    this.#host = options.host;
    this.#words = WORDS[options.lang ?? 'en'];
    this.#glyphs = GLYPHS[options.charset ?? 'ascii'];
    this.#lane = Math.max(NARROWEST, (options.width ?? 110) - BESIDE - 2);
    this.#origin = options.origin ?? null;
  }

  /** Shows what happened. The last row may wait for what belongs to it: see {@link flush}. */
  event(event: TraceEvent): void {
    if (event.host !== this.#host) return;
    this.#origin ??= event.time;
    switch (event.type) {
      case 'segment-sent':
      case 'segment-received':
        this.#segment(event);
        break;
      case 'state':
        if (isOf(event.connection)) this.#state(event.time, event.connection, event.to);
        break;
      case 'timer-set':
      case 'timer-fired':
        this.#timer(event);
        break;
      case 'call':
        if (isOf(event.connection) && event.call !== 'SEND' && event.call !== 'RECEIVE') {
          const result = event.result === 'ok' ? '' : `: ${event.result}`;
          this.#text(event.time, event.connection, event.call + result);
        }
        break;
      case 'packet-dropped':
        this.#dropped(event.time, event.packet, event.reason);
        break;
      case 'note':
        this.flush();
        this.#line(`${this.#clock(event.time)}  == ${event.text}`);
        break;
    }
  }

  /** Shows the last row as it is: when nothing more happens for the moment, or something else is to be printed. */
  flush(): void {
    const row = this.#row;
    if (row === null) return;
    this.#row = null;
    if (!this.#begun) this.#line(this.#head());
    this.#begun = true;
    this.#line(this.#drawn(row));
  }

  #segment(event: SegmentEvent): void {
    const { src, dst, segment, packet } = event;
    const sent = event.type === 'segment-sent';
    const ends = [endpoint(src, segment.srcPort), endpoint(dst, segment.dstPort)] as const;
    const [local, remote] = sent ? ends : [ends[1], ends[0]];
    const { numbers, resent } = this.#flow(`${local} ${remote}`);
    numbers.see(event);
    // What comes with old numbers may be late, or sent again: only of our own we know.
    const again = sent && resent.see(event) ? ` (${this.#words.marks.retransmission})` : '';
    this.#add(
      event.time,
      { local, remote },
      { kind: sent ? 'sent' : 'received', text: numbers.text(event) + again, packet },
    );
  }

  #flow(key: string): Flow {
    const flow = this.#flows.get(key) ?? { numbers: new RelativeNumbers(), resent: new Resent() };
    this.#flows.delete(key);
    this.#flows.set(key, flow);
    if (this.#flows.size > REMEMBERED) {
      for (const oldest of this.#flows.keys()) {
        this.#flows.delete(oldest);
        break;
      }
    }
    return flow;
  }

  #state(time: number, connection: Ends, state: string): void {
    const row = this.#row;
    const mine = row !== null && belongs(row, time, connection) && row.state === '';
    if (mine && !BY_CALLS.includes(state)) row.state = state;
    else this.#begin({ time, ...ends(connection), state, lane: null });
  }

  #text(time: number, connection: Ends, text: string): void {
    this.#add(time, connection, { kind: 'text', text, packet: 0 });
  }

  #add(time: number, connection: Ends, lane: Lane): void {
    const row = this.#row;
    if (row !== null && belongs(row, time, connection) && row.lane === null) row.lane = lane;
    else this.#begin({ time, ...ends(connection), state: '', lane });
  }

  #begin(row: Row): void {
    this.flush();
    this.#row = row;
  }

  #timer(event: TimerEvent): void {
    if (!isOf(event.connection)) return;
    const { time, timer, due = time } = event;
    const name = this.#words.timers[timer];
    if (event.type === 'timer-fired') this.#text(time, event.connection, this.#words.fires(name));
    else if (timer === 'time-wait' || timer === 'persist')
      this.#text(time, event.connection, this.#words.set(name, duration(due - time, this.#words)));
  }

  /** Why a segment of the last row came to nothing; other packets' fates are no matter of TCP, unless they say so. */
  #dropped(time: number, packet: number, reason: string): void {
    const words = `${this.#words.marks.dropped}: ${reason}`;
    const row = this.#row;
    if (row !== null && row.lane !== null && row.lane.packet === packet && packet !== 0)
      row.lane = { ...row.lane, text: `${row.lane.text} (${words})` };
    else if (reason.startsWith('tcp-'))
      this.#begin({ time, local: '', remote: '', state: '', lane: { kind: 'text', text: words, packet } });
  }

  #clock(time: number): string {
    return padStart((time - (this.#origin ?? time)).toFixed(3), TIME);
  }

  #head(): string {
    const { millisecond, port, state, peer } = this.#words;
    const lane = padEnd(this.#host, this.#lane - displayWidth(peer));
    return `${padStart(millisecond, TIME)}  ${padStart(port, 5)} ${padEnd(state, 12)}   ${lane}${peer}`;
  }

  #drawn({ time, local, remote, state, lane }: Row): string {
    const { edge } = this.#glyphs;
    const port = padStart(local.slice(local.lastIndexOf(':') + 1), 5);
    const way = lane === null ? '' : lane.kind === 'text' ? ` ${clip(lane.text, this.#lane - 2)}` : this.#arrow(lane);
    return `${this.#clock(time)}  ${port} ${padEnd(state, 12)}  ${edge}${padEnd(way, this.#lane)}${edge}  ${remote}`.trimEnd();
  }

  #arrow({ kind, text }: Lane): string {
    const { line, left, right } = this.#glyphs;
    const words = ` ${clip(text, this.#lane - 10)} `;
    const rest = line.repeat(Math.max(3, this.#lane - displayWidth(words) - 5));
    // As on the way: the tail where it leaves, the text, and the head where it arrives.
    return kind === 'sent' ? `${line.repeat(4)}${words}${rest}${right}` : `${left}${rest}${words}${line.repeat(4)}`;
  }
}

type Ends = Pick<ConnectionRef, 'local' | 'remote'>;

function ends({ local, remote }: Ends): Ends {
  return { local, remote };
}

function belongs(row: Row, time: number, { local, remote }: Ends): boolean {
  return row.time === time && row.local === local && row.remote === remote;
}

/** Whether it is a connection: a listener has no peer yet. */
function isOf({ remote }: ConnectionRef): boolean {
  return !remote.endsWith(':0');
}
