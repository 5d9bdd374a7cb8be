import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Impairment } from '../../src/link/index.ts';
import type { TcpOptions } from '../../src/tcp/index.ts';
import { judgedPair, stream, talk } from '../helpers/conversation.ts';
import { pattern } from '../helpers/endpoint.ts';

interface Plan {
  readonly seed: number;
  readonly forth: Partial<Impairment>;
  readonly back: Partial<Impairment>;
  readonly sizes: readonly [number, number];
  readonly mtu: number;
  readonly address: string;
  readonly medium: 'ip' | 'ethernet';
  readonly options: Partial<TcpOptions>;
}

const impairment = fc.record({
  loss: fc.constantFrom(0, 0.01, 0.1, 0.3),
  duplicate: fc.constantFrom(0, 0.05, 0.3),
  reorder: fc.constantFrom(0, 0.05, 0.3),
  corrupt: fc.constantFrom(0, 0.02, 0.1),
  delay: fc.constantFrom(0, 1, 30, 200),
  jitter: fc.constantFrom(0, 5, 50),
  rate: fc.constantFrom(Infinity, 1e6, 1e7),
});

const plans: fc.Arbitrary<Plan> = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  forth: impairment,
  back: impairment,
  sizes: fc.tuple(fc.constantFrom(0, 1, 1000, 40_000), fc.constantFrom(0, 1, 1000, 40_000)),
  mtu: fc.constantFrom(1280, 1500, 9000),
  address: fc.constantFrom('10.0.0.2', 'fd00::2'),
  medium: fc.constantFrom('ip', 'ethernet'),
  options: fc.record({
    timestamps: fc.boolean(),
    windowScaling: fc.boolean(),
    sack: fc.boolean(),
    noDelay: fc.boolean(),
    receiveBuffer: fc.constantFrom(3000, 20_000, 500_000),
    sendBuffer: fc.constantFrom(2000, 20_000, 500_000),
  }),
});

function run(plan: Plan): { events: string; problems: string[]; frames: number; outcome: object } {
  const { seed, forth, back, mtu, medium } = plan;
  const pair = judgedPair(seed, { forth, back, mtu, medium }, plan.options);
  const up = stream(pattern(plan.sizes[0]));
  const down = stream(pattern(plan.sizes[1], 1000));
  pair.b.tcp.listen({ port: 80, onConnection: (socket) => talk(socket, down, up) });
  talk(pair.a.tcp.connect({ address: plan.address, port: 80 }), up, down);
  const ended = pair.world.runUntil(() => up.closed && down.closed, 3_600_000);
  const same = (s: typeof up): boolean =>
    s.received.length === s.data.length && s.data.every((v, i) => s.received[i] === v);
  const outcome = { ended, up: same(up), down: same(down), errors: [up.error, down.error] };
  // After 2 MSL nothing is left, and every packet is back in the pool.
  pair.world.run(pair.world.now + 120_000);
  return { events: JSON.stringify(pair.trace), problems: pair.problems, frames: pair.frames(), outcome };
}

describe('a connection on a wire that loses, doubles, reorders and damages', () => {
  it('delivers both streams whole and in order, with sound frames, whatever the plan', () => {
    let frames = 0;
    fc.assert(
      fc.property(plans, (plan) => {
        const result = run(plan);
        frames += result.frames;
        expect(result.problems).toEqual([]);
        expect(result.outcome).toEqual({ ended: true, up: true, down: true, errors: [null, null] });
      }),
      { seed: 7, numRuns: 400 },
    );
    expect(frames).toBeGreaterThan(5000);
  });

  it('has the same course twice with one seed', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const [first, second] = [run(plan), run(plan)];
        expect(first.events === second.events).toBe(true);
      }),
      { seed: 8, numRuns: 10 },
    );
  });
});
