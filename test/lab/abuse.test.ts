import fc from 'fast-check';
import { ARROWS } from 'tsyn/tcp';
import { describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../lab/engine/preset.ts';
import { run } from '../../lab/engine/run.ts';
import type { Edit, Input, Settings } from '../../lab/engine/types.ts';
import { IDS } from '../../lab/presets/ids.ts';

const host = fc.constantFrom('A', 'B') as fc.Arbitrary<'A' | 'B'>;
const packet = fc.record({
  host: fc.constantFrom('A', 'B', 'C') as fc.Arbitrary<'A' | 'B' | 'C'>,
  nth: fc.integer({ min: 1, max: 12 }),
});
const time = fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 100_000 }));
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ op: fc.constantFrom('lose', 'corrupt', 'swap') as fc.Arbitrary<'lose'>, packet }),
  fc.record({ op: fc.constantFrom('duplicate', 'delay') as fc.Arbitrary<'delay'>, packet, by: time }),
  fc.record({ op: fc.constant('inject' as const), packet, at: time }),
  fc.record({ op: fc.constant('partition' as const), host: fc.option(host), at: time, until: time }),
  fc.record({ op: fc.constant('crash' as const), host, at: time }),
  fc.record({
    op: fc.constant('call' as const),
    host,
    at: time,
    call: fc.constantFrom('open', 'listen', 'send', 'receive', 'close', 'abort') as fc.Arbitrary<'send'>,
    octets: fc.integer({ min: 1, max: 20_000 }),
  }),
);
const settings: fc.Arbitrary<Partial<Settings>> = fc.record(
  {
    latency: fc.constantFrom(0, 1, 50, 3000),
    rate: fc.constantFrom(0, 5000, 1_000_000),
    queue: fc.constantFrom(0, 3000, 100_000),
    loss: fc.constantFrom(0, 0.2, 0.9),
    mtu: fc.constantFrom(128, 576, 1500, 9000),
    pathMtu: fc.constantFrom(128, 600, 1500),
    timestamps: fc.boolean(),
    windowScaling: fc.boolean(),
    sack: fc.boolean(),
    ecn: fc.boolean(),
    nagle: fc.boolean(),
    delayedAck: fc.constantFrom(0, 40, 500),
    msl: fc.constantFrom(0, 1, 30_000),
    keepAlive: fc.boolean(),
    receiveBuffer: fc.constantFrom(1, 100, 65_535, 10_000_000),
    congestion: fc.constantFrom('cubic', 'newreno') as fc.Arbitrary<'cubic'>,
    backlog: fc.constantFrom(1, 16),
    cookies: fc.boolean(),
    freshIsn: fc.boolean(),
  },
  { requiredKeys: [] },
);
const input: fc.Arbitrary<Input> = fc.record({
  preset: fc.constantFrom(...IDS.filter((id) => id !== 'big')),
  seed: fc.nat(),
  settings,
  edits: fc.array(edit, { maxLength: 8 }),
});

const arrows = new Set(ARROWS.map(({ from, to }) => `${from} ${to}`));

describe('whatever is done to a preset', () => {
  it('there is a run, in which states change along arrows and nothing comes before it was sent', () => {
    fc.assert(
      fc.property(input, (one) => {
        const { events, packets, settings: used } = run(one);
        expect(used).toEqual({ ...DEFAULTS, ...used });
        for (const event of events) {
          if (event.type === 'state') expect(arrows).toContain(`${event.from} ${event.to}`);
        }
        expect(packets.filter(({ sent, arrives }) => arrives < sent)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('octets that a program reads were written by its peer, in number, as long as nobody forges and nothing is reused', () => {
    const quiet = input.filter(({ preset, edits }) => {
      const calm = ['handshake', 'half-close', 'lost-fin', 'fast-retransmit', 'zero-window', 'silly-window'];
      return calm.includes(preset) && edits.every(({ op }) => op !== 'crash' && op !== 'call');
    });
    fc.assert(
      fc.property(quiet, (one) => {
        const views = new Map(run(one).views.map(({ host: name, view }) => [name, view]));
        const [a, b] = [views.get('A'), views.get('B')];
        expect(a?.read ?? 0).toBeLessThanOrEqual(b?.written ?? 0);
        expect(b?.read ?? 0).toBeLessThanOrEqual(a?.written ?? 0);
        expect((a?.foreign ?? 0) + (b?.foreign ?? 0)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
