/**
 * A bug that needs bad luck: an order that undici sends again after a reset, and that is made twice.
 *
 *   tsyn sim examples/scenarios/order-twice.mjs --seeds 200 --minimise
 *
 * The shop is an unmodified `http` server. It may crash when an order is on its disk and the answer is not on its way, and is back
 * after two seconds. The buyer's undici is told to send a POST again when its connection is reset. `order-once.mjs` is the same story
 * with the one header that mends it.
 */

import http from 'node:http';
import { Agent, RetryAgent } from 'undici';

const ORDERS = 10;

function keepShop(sim, shop, disk) {
  const server = http.createServer(async (request, response) => {
    let item = '';
    for await (const text of request) item += text;
    const { 'idempotency-key': key } = request.headers;
    if (key === undefined || !disk.keys.has(key)) disk.orders.push(item);
    disk.keys.add(key);
    if (!sim.chance('the shop crashes', 0.02)) return response.end();
    shop.crash();
    sim.after(2000, () => shop.restart());
  });
  server.listen(80);
}

async function buy(keys) {
  const agent = new RetryAgent(new Agent(), { methods: ['GET', 'POST'] }); // the bug, unless each order has a key
  for (let order = 1; order <= ORDERS; order++) {
    const headers = keys ? { 'idempotency-key': crypto.randomUUID() } : {};
    const request = { origin: 'http://shop', path: '/', method: 'POST', headers, body: `item ${order}` };
    const { body } = await agent.request(request);
    await body.dump();
  }
}

/** The story. @param keys whether each order has a key, the same each time that it is sent */
export async function order(sim, keys) {
  const buyer = sim.host('buyer');
  const shop = sim.host('shop');
  sim.link(buyer, shop, { latency: 15, jitter: 2, loss: 0.01 });
  const disk = { orders: [], keys: new Set() };
  shop.onRestart(() => shop.run(() => keepShop(sim, shop, disk)));
  shop.run(() => keepShop(sim, shop, disk));
  await sim.until(
    buyer.run(() => buy(keys)),
    { goal: 'every order is confirmed' },
  );
  if (disk.orders.length !== ORDERS) throw new Error(`${ORDERS} orders were confirmed, and ${disk.orders.length} made`);
}

export default {
  name: 'order-twice',
  description: 'an order is sent again after a reset, and made twice',
  deadline: 600_000,
  run: async (sim) => order(sim, false),
};
