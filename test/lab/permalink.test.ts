import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromLink, toLink } from '../../lab/engine/exports/permalink.ts';
import { DEFAULTS } from '../../lab/engine/preset.ts';
import type { Edit, Input, Settings } from '../../lab/engine/types.ts';
import { IDS } from '../../lab/presets/ids.ts';

const host = fc.constantFrom('A', 'B', 'C') as fc.Arbitrary<'A' | 'B' | 'C'>;
const packet = fc.record({ host, nth: fc.integer({ min: 1, max: 5000 }) });
const time = fc.integer({ min: 0, max: 600_000 });
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ op: fc.constantFrom('lose', 'corrupt', 'swap') as fc.Arbitrary<'lose'>, packet }),
  fc.record({ op: fc.constantFrom('duplicate', 'delay') as fc.Arbitrary<'delay'>, packet, by: time }),
  fc.record({ op: fc.constant('inject' as const), packet, at: time }),
  fc.record({ op: fc.constant('partition' as const), host: fc.option(host), at: time, until: time }),
  fc.record({ op: fc.constant('crash' as const), host, at: time }),
  fc.record(
    {
      op: fc.constant('call' as const),
      host,
      at: time,
      call: fc.constantFrom('open', 'listen', 'send', 'receive', 'close', 'abort') as fc.Arbitrary<'send'>,
      octets: fc.integer({ min: 1, max: 100_000 }),
    },
    { requiredKeys: ['op', 'host', 'at', 'call'] },
  ),
);
const settings: fc.Arbitrary<Partial<Settings>> = fc.record(
  {
    latency: fc.integer({ min: 0, max: 1000 }),
    loss: fc.constantFrom(0, 0.01, 0.5),
    sack: fc.boolean(),
    freshIsn: fc.boolean(),
    congestion: fc.constantFrom('cubic', 'newreno') as fc.Arbitrary<'cubic'>,
  },
  { requiredKeys: [] },
);
const input: fc.Arbitrary<Input> = fc.record({
  preset: fc.constantFrom(...IDS),
  seed: fc.integer({ min: 0, max: 4_294_967_295 }),
  settings,
  edits: fc.array(edit, { maxLength: 40 }),
});

describe('a link', () => {
  it('brings back the input that it was made of', async () => {
    await fc.assert(
      fc.asyncProperty(input, async (one) => {
        expect(await fromLink(`#${await toLink(one)}`)).toEqual({ input: one, error: null });
      }),
      { numRuns: 200 },
    );
  });

  it('says so in short: forty edits of any kind take less than 2,000 letters', async () => {
    await fc.assert(
      fc.asyncProperty(input, async (one) => {
        expect((await toLink(one)).length).toBeLessThan(2000);
      }),
      { numRuns: 100 },
    );
  });

  it('of a run that nothing was done to can be read', async () => {
    expect(await toLink({ preset: 'lost-synack', seed: 7, settings: { sack: false, latency: 20 }, edits: [] })).toBe(
      'v=1&s=lost-synack&seed=7&o=sack:0,latency:20',
    );
  });

  it('may leave out everything', async () => {
    expect(await fromLink('')).toEqual({
      input: { preset: 'handshake', seed: 1, settings: {}, edits: [] },
      error: null,
    });
  });

  it('knows every setting by its type', async () => {
    const all: Input = { preset: 'handshake', seed: 1, settings: DEFAULTS, edits: [] };
    expect((await fromLink(await toLink(all))).input).toEqual(all);
  });
});

describe('a link that cannot be followed', () => {
  it.each([
    ['v=2&s=handshake', 'version'],
    ['v=one', 'version'],
    ['v=1&s=nowhere', 'input'],
    ['v=1&s=handshake&seed=minus', 'input'],
    ['v=1&s=handshake&o=colour:1', 'input'],
    ['v=1&s=handshake&o=latency:', 'input'],
    ['v=1&s=handshake&o=sack:maybe', 'input'],
    ['v=1&s=handshake&e=%%%', 'garbage'],
    ['v=1&s=handshake&e=AAAA', 'garbage'],
    ['v=1&s=handshake&e=', 'garbage'],
  ])('is told of, and nothing is thrown: %s', async (hash, reason) => {
    const { input, error } = await fromLink(`#${hash}`);
    expect(input).toBeNull();
    expect(error).toMatchObject({ code: 'ERR_LAB_LINK', reason });
    expect(error?.message).not.toBe('');
  });

  it('may hold anything at all', async () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.base64String());
    await fc.assert(
      fc.asyncProperty(text, text, async (o, e) => {
        const { input, error } = await fromLink(`#v=1&s=handshake&o=${o}&e=${e}`);
        expect((input === null) !== (error === null)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('may be a small one that unpacks into megabytes: it is not unpacked', async () => {
    const stream = new Blob([' '.repeat(20_000_000)]).stream().pipeThrough(new CompressionStream('deflate-raw'));
    const octets = new Uint8Array(await new Response(stream).arrayBuffer());
    const packed = Buffer.from(octets).toString('base64url');
    const { error } = await fromLink(`v=1&s=handshake&e=${packed}`);
    expect(error).toMatchObject({ reason: 'garbage' });
  });
});
