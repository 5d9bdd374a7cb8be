import crypto, { randomBytes, randomFillSync, randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { simulate } from '../../../src/node/sim/index.ts';

/** Everything random that a program can ask for. */
async function draw(): Promise<unknown[]> {
  const filled = await new Promise<Buffer>((resolve) =>
    crypto.randomFill(Buffer.alloc(5), 1, (_error, buffer) => resolve(buffer)),
  );
  return [
    Math.random(),
    randomBytes(8).toString('hex'),
    await new Promise((resolve) => randomBytes(4, (_error, octets) => resolve(octets.toString('hex')))),
    randomFillSync(new Uint16Array(3), 1, 1).join(),
    filled.toString('hex'),
    randomInt(10, 20),
    randomInt(2 ** 47),
    await new Promise((resolve) => randomInt(5, 9, (_error, n) => resolve(n))),
    crypto.randomUUID(),
    globalThis.crypto.randomUUID(),
    globalThis.crypto.getRandomValues(new Uint32Array(2)).join(),
  ];
}

async function drawn(seed: number, name = 'a', crashes = 0): Promise<unknown[]> {
  const sim = simulate({ seed });
  try {
    const host = sim.host(name);
    for (let i = 0; i < crashes; i++) {
      host.crash();
      host.restart();
    }
    return await sim.until(host.run(draw));
  } finally {
    await sim.close();
  }
}

describe('randomness on a host', () => {
  it('is that of seed, host and life', async () => {
    const first = await drawn(1);
    expect(await drawn(1)).toEqual(first);
    for (const other of [await drawn(2), await drawn(1, 'b'), await drawn(1, 'a', 1)]) {
      expect(other[0]).not.toBe(first[0]);
      expect(other[1]).not.toBe(first[1]);
    }
  });

  it('has the shape it has in Node', async () => {
    const [fraction, octets, later, filled, from1, small, large, between, uuid, webUuid] = await drawn(3);
    expect(fraction).toBeGreaterThanOrEqual(0);
    expect(fraction).toBeLessThan(1);
    expect(octets).toMatch(/^[0-9a-f]{16}$/);
    expect(later).toMatch(/^[0-9a-f]{8}$/);
    expect(filled).toMatch(/^0,\d+,0$/);
    expect(from1).toMatch(/^00[0-9a-f]{8}$/);
    expect(small).toBeGreaterThanOrEqual(10);
    expect(small).toBeLessThan(20);
    expect(large).toBeLessThan(2 ** 47);
    expect([5, 6, 7, 8]).toContain(between);
    const version4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    expect(uuid).toMatch(version4);
    expect(webUuid).toMatch(version4);
  });

  it('is the system elsewhere, and checks its arguments as ever', async () => {
    const sim = simulate({ seed: 1 });
    const inside = sim.host('a').run(() => randomBytes(8));
    expect(randomBytes(8)).not.toEqual(inside);
    sim.host('b').run(() => {
      expect(() => randomInt(5, 4)).toThrow(/out of range/);
      expect(() => randomBytes(-1)).toThrow(/out of range/);
      expect(() => globalThis.crypto.getRandomValues(new Float64Array(1) as never)).toThrow(/integer/i);
    });
    await sim.close();
  });
});
