/** undici: an order that is sent again after a reset, and made twice. */

import http from 'node:http';
import { Agent, RetryAgent } from 'undici';
import { describe, expect, it } from 'vitest';
import type { NodeHost, NodeSimulation } from '../../../../src/node/sim/index.ts';
import { SECOND, type Story, tell, tellMany } from './course.ts';

const ORDERS = 20;

/** What is on the shop's disk, and there after a crash. */
interface Books {
  /** Every order that was made, by what it is of. */
  readonly made: string[];
  /** Keys of requests that were done. */
  readonly keys: Set<string>;
}

/** Takes orders. The host may crash when an order is in the books and the answer is not on its way; it is back after two seconds. */
function keepShop(sim: NodeSimulation, shop: NodeHost, books: Books): void {
  http
    .createServer((request, response) => {
      let item = '';
      request.setEncoding('utf8').on('data', (text: string) => (item += text));
      request.on('end', () => {
        const key = request.headers['idempotency-key'];
        if (key === undefined || !books.keys.has(String(key))) books.made.push(item);
        if (key !== undefined) books.keys.add(String(key));
        if (!sim.chance('the shop crashes', 0.1)) response.end('done');
        else {
          shop.crash();
          sim.after(2 * SECOND, () => shop.restart());
        }
      });
    })
    .listen(80);
}

interface Buyer {
  /** Requests that are sent again after a reset. */
  readonly methods: readonly string[];
  /** Whether each order has a key of its own, the same each time that it is sent. */
  readonly keys: boolean;
}

/** How it ended: orders that were confirmed to the buyer, those it was told to have failed, and those in the books, how often. */
interface End {
  readonly confirmed: number;
  readonly failed: number;
  readonly twice: number;
  readonly missing: number;
}

function buy({ methods, keys }: Buyer): Story<End> {
  return async ({ sim, log }) => {
    const [buyer, shop] = [sim.host('buyer'), sim.host('shop')];
    sim.link(buyer, shop, { latency: 15, jitter: 3, loss: 0.01 });
    const books: Books = { made: [], keys: new Set() };
    shop.onRestart(() => shop.run(() => keepShop(sim, shop, books)));
    shop.run(() => keepShop(sim, shop, books));
    let failed = 0;
    await sim.until(
      buyer.run(async () => {
        const agent = new RetryAgent(new Agent(), { methods: [...methods] as never, maxRetries: 10 });
        for (let order = 1; order <= ORDERS; order++) {
          const headers = keys ? { 'idempotency-key': crypto.randomUUID() } : {};
          const request = { origin: 'http://shop', path: '/', method: 'POST', headers, body: `item ${order}` } as const;
          try {
            const { body } = await agent.request(request);
            log(`order ${order} ${await body.text()}`);
          } catch (error) {
            failed++;
            log(`order ${order} ${(error as { code?: string }).code}`);
          }
        }
      }),
    );
    const counts = Array.from(
      { length: ORDERS },
      (_, i) => books.made.filter((item) => item === `item ${i + 1}`).length,
    );
    return {
      confirmed: ORDERS - failed,
      failed,
      twice: counts.filter((count) => count > 1).length,
      missing: counts.filter((count) => count === 0).length,
    };
  };
}

const REPLAYING: Buyer = { methods: ['GET', 'POST'], keys: false };
const KEYED: Buyer = { methods: ['GET', 'POST'], keys: true };
const CAREFUL: Buyer = { methods: ['GET'], keys: false };

describe('orders that undici sends to a shop that crashes after it has taken some', () => {
  it('are made twice where a POST is sent again after a reset, and every one is confirmed', async () => {
    const ends = await tellMany(12, buy(REPLAYING));
    for (const { confirmed, missing } of ends) expect([confirmed, missing]).toEqual([ORDERS, 0]);
    expect(ends.filter(({ twice }) => twice > 0).length).toBeGreaterThan(6);
  });

  it('are made once, and all confirmed, where each has a key', async () => {
    for (const end of await tellMany(12, buy(KEYED)))
      expect(end).toEqual({ confirmed: ORDERS, failed: 0, twice: 0, missing: 0 });
  });

  it('are never made twice where a POST is not sent again, and the buyer is told', async () => {
    const ends = await tellMany(12, buy(CAREFUL));
    for (const { twice } of ends) expect(twice).toBe(0);
    expect(ends.filter(({ failed }) => failed > 0).length).toBeGreaterThan(6);
  });

  it('have one course of events for one seed', async () => {
    const first = await tell(3, buy(KEYED));
    expect(first.log.length).toBe(ORDERS);
    expect(await tell(3, buy(KEYED))).toEqual(first);
    expect((await tell(4, buy(KEYED))).hash).not.toBe(first.hash);
  });
});
