/**
 * Two endpoints of the engine and a network between them that loses, doubles and reorders by a seed, all on virtual
 * time. What is sent is noted with sequence numbers relative to each side's ISN, so that courses can be compared.
 */

import { SeededRandom, unit } from '../../src/base/random.ts';
import {
  defaultTcpConfig,
  defaultTcpOptions,
  Endpoint,
  type Ends,
  type TcpConfig,
  type TcpEnv,
  type TcpOptions,
} from '../../src/tcp/index.ts';
import { add, diff, type Seq, seq } from '../../src/wire/seq.ts';
import { ACK, flagsText, RST } from '../../src/wire/tcp.ts';
import { copySegment, createEnv, LOCAL, REMOTE, type Sent } from './endpoint.ts';

export interface DuoSetup {
  readonly seed?: number;
  /** ISNs and timestamp offsets of both sides. */
  readonly iss?: readonly [number, number];
  readonly ts?: readonly [number, number];
  readonly loss?: number;
  readonly duplicate?: number;
  readonly reorder?: number;
  readonly delay?: number;
  readonly options?: Partial<TcpOptions>;
  readonly config?: Partial<TcpConfig>;
  /** Chooses segments to lose: side, and how many that side has sent before. */
  readonly drop?: (side: Side, n: number) => boolean;
}

export type Side = 0 | 1;

interface Flight {
  readonly at: number;
  readonly order: number;
  readonly to: Side;
  readonly sent: Sent;
}

export class Duo {
  readonly ends: readonly [Endpoint, Endpoint];
  readonly log: string[] = [];
  now = 1000;
  readonly #setup: DuoSetup;
  readonly #random: SeededRandom;
  readonly #flights: Flight[] = [];
  readonly #sent: [number, number] = [0, 0];
  readonly #noted: [string, string] = ['CLOSED', 'CLOSED'];
  #order = 0;

  constructor(setup: DuoSetup = {}) {
    this.#setup = setup;
    this.#random = new SeededRandom(setup.seed ?? 1);
    const options: TcpOptions = { ...defaultTcpOptions, ...setup.options };
    const make = (side: Side): Endpoint => {
      const pair: Ends[] = [
        { local: LOCAL, localPort: 80, remote: REMOTE, remotePort: 40_000 },
        { local: REMOTE, localPort: 40_000, remote: LOCAL, remotePort: 80 },
      ];
      return new Endpoint(this.#env(side), pair[side]!, options, false);
    };
    this.ends = [make(0), make(1)];
  }

  /** Lets time pass until `time`; arrivals go before timers. */
  until(time: number): this {
    for (;;) {
      const flight = this.#next();
      const due = Math.min(this.ends[0].nextDeadline(), this.ends[1].nextDeadline());
      const at = Math.min(flight?.at ?? Infinity, due);
      if (at > time) break;
      this.now = Math.max(this.now, at);
      if (flight !== undefined && flight.at <= due) {
        this.#flights.splice(this.#flights.indexOf(flight), 1);
        const { segment } = flight.sent;
        this.ends[flight.to].arrive(segment, this.now);
      } else {
        for (const end of this.ends) if (end.nextDeadline() <= this.now) end.onDeadline(this.now);
      }
      this.note();
    }
    this.now = Math.max(this.now, time);
    return this;
  }

  run(ms: number): this {
    return this.until(this.now + ms);
  }

  /** Reads everything that waits. */
  read(side: Side): Uint8Array {
    const target = new Uint8Array(this.ends[side].tcb.rcv.text.length);
    this.ends[side].receive(target, this.now);
    this.note();
    return target;
  }

  /** Notes states that have changed. */
  note(): void {
    for (const side of [0, 1] as const) {
      const { state } = this.ends[side];
      if (state === this.#noted[side]) continue;
      this.#noted[side] = state;
      this.log.push(`${this.now} ${side} ${state}`);
    }
  }

  #next(): Flight | undefined {
    let next: Flight | undefined;
    for (const flight of this.#flights) {
      if (next === undefined || flight.at < next.at || (flight.at === next.at && flight.order < next.order))
        next = flight;
    }
    return next;
  }

  #iss(side: Side): number {
    return (this.#setup.iss ?? [10_000, 50_000])[side];
  }

  #env(side: Side): TcpEnv {
    const { ts = [0, 0], config = {} } = this.#setup;
    const env = createEnv(
      String(side),
      { ...defaultTcpConfig, ...config },
      (_, now) => add(seq(this.#iss(side)), Math.floor((now - 1000) * 250)),
      { segment: (_ends, segment, text, at) => this.#carry(side, copySegment(segment, text, at, this.now)) },
    );
    return { ...env, timestampOffset: () => seq(ts[side]) };
  }

  #carry(side: Side, sent: Sent): void {
    const { loss = 0, duplicate = 0, reorder = 0, delay = 10, drop } = this.#setup;
    const n = this.#sent[side]++;
    const dice = [unit(this.#random), unit(this.#random), unit(this.#random)];
    const lost = dice[0]! < loss || (drop?.(side, n) ?? false);
    this.log.push(`${this.#describe(side, sent)}${lost ? ' lost' : ''}`);
    if (lost) return;
    const to = (1 - side) as Side;
    const at = this.now + delay + (dice[1]! < reorder ? 15 : 0);
    this.#flights.push({ at, order: this.#order++, to, sent });
    if (dice[2]! < duplicate) {
      this.#flights.push({
        at: at + 3,
        order: this.#order++,
        to,
        sent: { ...sent, segment: copySegment(sent.segment, null, 0, 0).segment },
      });
      const twin = this.#flights.at(-1)!.sent.segment;
      twin.data = sent.text;
      twin.dataLength = sent.text.length;
    }
  }

  #describe(side: Side, { segment }: Sent): string {
    const own = this.#iss(side);
    const other = this.#iss((1 - side) as Side);
    const { ts = [0, 0] } = this.#setup;
    const to = (value: Seq, base: number): number => diff(value, seq(base));
    // The answer to a segment without ACK, of a port where there is no connection: sequence number and window are 0.
    const bare = (segment.flags & (RST | ACK)) === (RST | ACK) && segment.window === 0;
    let text = `${this.now} ${side} ${flagsText(segment.flags)} ${bare ? `=${segment.seq}` : to(segment.seq, own)}`;
    text += `+${segment.dataLength} win ${segment.window}`;
    if (segment.flags & ACK) text += ` ack ${to(segment.ack, other)}`;
    for (let i = 0; i < 2 * segment.sackCount; i++) text += ` ${to(segment.sack[i]!, other)}`;
    if (segment.urgent > 0) text += ` urg ${segment.urgent}`;
    if (segment.timestamps) {
      const echo = segment.flags & ACK ? to(segment.tsEcr, ts[1 - side]!) : 0;
      text += ` ts ${to(segment.tsVal, ts[side]!)} ${echo}`;
    }
    return text;
  }
}
