// A POST that undici sends again after a reset: npm run -s build && node examples/sim-undici.mjs
//
// The shop crashes when an order is on its disk and the answer is not on its way, and is back after two seconds.
import http from 'node:http';
import { simulate } from 'tsyn/sim';
import { Agent, RetryAgent } from 'undici';

function keepShop(sim, shop, disk) {
  const server = http.createServer(async (request, response) => {
    let item = '';
    for await (const text of request) item += text;
    const { 'idempotency-key': key } = request.headers;
    if (key === undefined || !disk.keys.has(key)) disk.orders.push(item);
    disk.keys.add(key);
    if (!sim.chance('the shop crashes', 0.2)) return response.end();
    shop.crash();
    sim.after(2000, () => shop.restart());
  });
  server.listen(80);
}

async function buy(keys) {
  const agent = new RetryAgent(new Agent(), { methods: ['GET', 'POST'] });
  for (let order = 1; order <= 10; order++) {
    const headers = keys ? { 'idempotency-key': crypto.randomUUID() } : {};
    const request = { origin: 'http://shop', path: '/', method: 'POST', headers, body: `item ${order}` };
    await (await agent.request(request)).body.dump();
  }
}

for (const keys of [false, true]) {
  const sim = simulate({ seed: 1 });
  const buyer = sim.host('buyer');
  const shop = sim.host('shop');
  sim.link(buyer, shop, { latency: 15, loss: 0.01 });
  const disk = { orders: [], keys: new Set() };
  shop.onRestart(() => shop.run(() => keepShop(sim, shop, disk)));
  shop.run(() => keepShop(sim, shop, disk));
  await sim.until(buyer.run(() => buy(keys)));
  console.log(`undici: ${keys ? 'with' : 'without'} keys: 10 orders confirmed, ${disk.orders.length} made`);
  await sim.close();
}
