import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LinkOptions, simulate } from '../../src/sim/index.ts';
import type { TraceEvent } from '../../src/trace/events.ts';
import { toJsonLines } from '../../src/trace/index.ts';
import { echo, talkTo } from '../helpers/simulated.ts';

const ROUGH: LinkOptions = {
  latency: 10,
  jitter: 3,
  bandwidth: 20e6,
  queue: { packets: 50, discipline: 'codel' },
  loss: 0.02,
  lossBurst: 2,
  duplicate: 0.01,
  reorder: 0.02,
  corrupt: 0.01,
};

/** Everything at once: switches, routers, NAT, CoDel, faults, a crash, a partition. @returns the trace as text */
function everything(seed: number, strangers: number = 0): string {
  const events: TraceEvent[] = [];
  const sim = simulate({ seed, trace: (event) => events.push(event) });
  for (let n = 0; n < strangers; n++) sim.host(`stranger ${n}`);
  const [one, two, server] = [sim.host('one'), sim.host('two'), sim.host('server')];
  const [lan, router] = [sim.switch('lan'), sim.router('router')];
  for (const client of [one, two]) sim.link(client, lan, { latency: 1 });
  const nat = sim.nat('nat', { inside: lan });
  sim.link(nat.outside, router, ROUGH);
  sim.link(router, server, { latency: 5 });
  echo(server);
  for (const client of [one, two]) for (const address of server.addresses) talkTo(client, address, 30_000);
  sim.at(300, () => sim.partition([one], [server]));
  sim.at(900, () => sim.repair());
  sim.at(1500, () => nat.rebind());
  sim.at(2500, () => server.crash());
  sim.at(4000, () => {
    server.restart();
    if (sim.chance('again', 0.5)) echo(server);
  });
  sim.run();
  return toJsonLines(events);
}

describe('a simulation', () => {
  it('has one course for a seed, to the octet', () => {
    const first = everything(1);
    expect(first.length).toBeGreaterThan(100_000);
    expect(everything(1) === first).toBe(true);
  });

  it('has another course for another seed', () => {
    expect(new Set([1, 2, 3, 4].map((seed) => everything(seed))).size).toBe(4);
  });

  it('has the same course whatever else is there', () => {
    expect(everything(1, 7) === everything(1)).toBe(true);
  });

  it('repeats its faults from their list alone', () => {
    const course = (options: object): string => {
      const events: TraceEvent[] = [];
      const sim = simulate({ seed: 9, trace: (event) => events.push(event), ...options });
      const [a, b] = [sim.host('a'), sim.host('b')];
      sim.link(a, b, ROUGH);
      echo(b);
      talkTo(a, b.address, 30_000);
      sim.run();
      faults = sim.faults.records.map(({ fault }) => fault);
      return toJsonLines(events);
    };
    let faults: readonly unknown[] = [];
    const first = course({});
    const list = faults;
    expect(list.length).toBeGreaterThan(5);
    expect(course({ plan: { faults: list } }) === first).toBe(true);
    expect(course({ plan: { faults: [] } }) === first).toBe(false);
    expect(faults).toEqual([]);
  });
});

describe('a stream through whatever faults', () => {
  const way = fc.record({
    latency: fc.constantFrom(0, 1, 40),
    jitter: fc.constantFrom(0, 5),
    bandwidth: fc.constantFrom(Infinity, 1e6, 1e7),
    queue: fc.record({
      packets: fc.constantFrom(5, 100),
      discipline: fc.constantFrom('tail-drop' as const, 'codel' as const),
    }),
    loss: fc.constantFrom(0, 0.02, 0.2, 0.4),
    lossBurst: fc.constantFrom(1, 3),
    duplicate: fc.constantFrom(0, 0.1),
    reorder: fc.constantFrom(0, 0.1),
    corrupt: fc.constantFrom(0, 0.05),
  });
  const plans = fc.record({
    seed: fc.nat(),
    first: fc.record({ forth: way, back: way, mtu: fc.constantFrom(1280, 1500) }),
    second: fc.record({ forth: way, back: way, mtu: fc.constantFrom(1280, 1500, 9000) }),
    middle: fc.constantFrom('router' as const, 'nat' as const, 'switch' as const),
    family: fc.constantFrom(0, 1),
    octets: fc.constantFrom(0, 1, 3000, 40_000),
    /** When, and for how long, the far end is away, ms; and how. */
    trouble: fc.record({
      at: fc.constantFrom(10, 100, 1000),
      length: fc.constantFrom(100, 5000),
      kind: fc.constantFrom('none', 'crash', 'partition', 'down', 'rebind', 'hold'),
    }),
  });

  it('arrives whole, or its failure is reported', () => {
    const ends: Record<string, number> = {};
    fc.assert(
      fc.property(plans, ({ seed, first, second, middle, family, octets, trouble }) => {
        const sim = simulate({ seed });
        const lossy = Math.max(...[first, second].flatMap(({ forth, back }) => [forth.loss, back.loss]));
        // Who waits for the other's FIN alone hears of its crash by keep-alives.
        const [a, b] = [sim.host('a', { tcp: { keepAlive: true } }), sim.host('b')];
        const nat = middle === 'nat' ? sim.nat('nat') : null;
        const between = nat ?? (middle === 'router' ? sim.router('r') : sim.switch('s'));
        const link = sim.link(a, nat?.inside ?? (between as never), first);
        sim.link(nat?.outside ?? (between as never), b, second);
        echo(b);
        const talk = talkTo(a, b.addresses[family]!, octets);
        sim.at(trouble.at, () => {
          if (trouble.kind === 'crash') b.crash();
          else if (trouble.kind === 'partition') sim.partition([a], [b]);
          else if (trouble.kind === 'down') link.down();
          else if (trouble.kind === 'hold') link.hold();
          else if (trouble.kind === 'rebind') nat?.rebind();
        });
        sim.at(trouble.at + trouble.length, () => {
          if (trouble.kind === 'crash') {
            b.restart();
            echo(b);
          }
          sim.repair();
          link.up();
          link.release('reverse');
        });
        sim.runUntil(() => talk.over !== null, { goal: 'an end, good or bad' });
        ends[talk.over!] = (ends[talk.over!] ?? 0) + 1;
        expect(talk.intact).toBe(true);
        if (talk.over === 'ok') expect([talk.received, talk.ended]).toEqual([octets, true]);
        // TCP gives up where nothing of a segment comes through for a hundred seconds, and says so.
        else if (lossy < 0.2) expect(['crash', 'rebind']).toContain(trouble.kind);
        else expect(['ETIMEDOUT', 'ECONNRESET']).toContain(talk.over);
      }),
      { seed: 10, numRuns: 200 },
    );
    expect(ends['ok']).toBeGreaterThan(100);
    expect(ends['ECONNRESET']).toBeGreaterThan(0);
  });
});
