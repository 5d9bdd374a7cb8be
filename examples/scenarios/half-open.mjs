/**
 * A bug that needs bad luck: a client that only listens never learns that its server has been restarted.
 *
 *   tsyn sim examples/scenarios/half-open.mjs --seeds 200 --minimise
 *
 * The client subscribes with Node's own `net` and then waits for what the server publishes, once a minute. The server may crash in
 * any minute, and is back after ten seconds; the client subscribes again when its connection closes. But a server that has
 * lost everything sends nothing, and who sends nothing is not told that nobody is there.
 */

import net from 'node:net';

const MINUTE = 60_000;
const MINUTES = 30;

function publish() {
  const subscribers = new Set();
  net
    .createServer((socket) => {
      subscribers.add(socket);
      socket.on('error', () => {}).on('close', () => subscribers.delete(socket));
    })
    .listen(5000);
  setInterval(() => {
    for (const socket of subscribers) socket.write(`news of minute ${Math.floor(performance.now() / MINUTE)}\n`);
  }, MINUTE);
}

/** Counts the news. */
function subscribe(news) {
  const socket = net.connect(5000, 'server'); // the bug: no keep-alive, and no time-out
  socket.on('data', () => news.count++);
  socket.on('error', () => {});
  socket.on('close', () => setTimeout(subscribe, 1000, news));
}

export default {
  name: 'half-open',
  description: 'a subscriber never learns that its server has been restarted',
  deadline: 2 * MINUTES * MINUTE,
  async run(sim) {
    const server = sim.host('server');
    const client = sim.host('client');
    sim.link(client, server, { latency: 20, loss: 0.01 });
    server.onRestart(() => server.run(publish));
    server.run(publish);
    const news = { count: 0 };
    client.run(() => subscribe(news));
    for (let minute = 1; minute <= MINUTES; minute++) {
      await sim.run(minute * MINUTE);
      if (!sim.chance('the server crashes', 0.01)) continue;
      server.crash();
      sim.after(10_000, () => server.restart());
    }
    const before = news.count;
    await sim.until(() => news.count > before, { limit: 5 * MINUTE, goal: 'the client hears the news' });
  },
};
