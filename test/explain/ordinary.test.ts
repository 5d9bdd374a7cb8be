import { expect, it } from 'vitest';
import { SeededRandom } from '../../src/base/random.ts';
import { Analysis, Arrival } from '../../src/explain/analysis.ts';
import type { End } from '../../src/explain/types.ts';
import { add, type Seq, seq } from '../../src/wire/seq.ts';
import { ABSENT, ACK, FIN, RST, Segment, SYN } from '../../src/wire/tcp.ts';

const SEED = 20260708;

/** Segments of two ends that mostly go on as they should, and often enough do not. */
class Talk {
  readonly #random: SeededRandom;
  readonly #next: [Seq, Seq];
  readonly #arrival: Arrival = new Arrival(new Segment());

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#next = [seq(this.#below(3) === 0 ? -5 : 1000), seq(this.#below(3) === 0 ? 0 : 70_000)];
  }

  #below(limit: number): number {
    return this.#random.uint32() % limit;
  }

  /** Now and then. */
  #odd(): boolean {
    return this.#below(12) === 0;
  }

  step(number: number): [End, Arrival] {
    const from = (this.#below(2) === 0 ? 0 : 1) as End;
    const to = from === 0 ? 1 : 0;
    const { segment } = this.#arrival;
    const opening = number < 3;
    segment.clear();
    segment.flags = opening ? (number === 0 ? SYN : number === 1 ? SYN | ACK : ACK) : ACK;
    if (!opening && this.#odd()) segment.flags = [SYN, SYN | ACK, FIN | ACK, RST, RST | ACK, 0][this.#below(6)]!;
    segment.dataLength = opening ? 0 : [0, 0, 1, 100, 100, 1000][this.#below(6)]!;
    segment.seq = this.#odd() ? add(this.#next[from], this.#below(2000) - 1000) : this.#next[from];
    segment.ack = this.#odd() ? add(this.#next[to], this.#below(2000) - 1000) : this.#next[to];
    segment.window = this.#odd() ? 0 : [500, 1000, 60_000][this.#below(3)]!;
    segment.windowScale = opening || this.#odd() ? this.#below(3) : ABSENT;
    const span = segment.dataLength + (segment.flags & (SYN | FIN) ? 1 : 0);
    if (!this.#odd()) this.#next[from] = add(segment.seq, span);
    this.#arrival.frame = number + 1;
    this.#arrival.time += this.#below(10_000_000) - (this.#odd() ? 8_000_000 : 0);
    this.#arrival.cut = this.#odd();
    return [from, this.#arrival];
  }
}

it(`the short way of ordinary segments comes to what the whole analysis does (seed ${SEED})`, () => {
  let ordinary = 0;
  for (let run = 0; run < 300; run++) {
    const talk = new Talk(SEED + run);
    const [short, full] = [new Analysis(), new Analysis()];
    let whole = 0;
    const takeInFull = short.takeInFull.bind(short);
    short.takeInFull = (from, arrival) => {
      whole++;
      return takeInFull(from, arrival);
    };
    for (let number = 0; number < 100; number++) {
      const [from, arrival] = talk.step(number);
      const found = short.take(from, arrival);
      expect(found, `run ${run}, segment ${number}`).toBe(full.takeInFull(from, arrival));
      expect(short.flows, `run ${run}, segment ${number}`).toEqual(full.flows);
      expect(short.initialRtt).toBe(full.initialRtt);
    }
    ordinary += 100 - whole;
  }
  expect(ordinary).toBeGreaterThan(3000);
});
