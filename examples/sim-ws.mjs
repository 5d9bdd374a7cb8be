// A client of ws that never notices a dead connection, and one that does: npm run -s build && node examples/sim-ws.mjs
//
// The server crashes and is back after five seconds, without a word to anyone. Who only listens hears nothing any more.
// An hour passes; the program takes no time for it.
import { simulate } from 'tsyn/sim';
import { WebSocket, WebSocketServer } from 'ws';

function publish() {
  const server = new WebSocketServer({ port: 80 });
  setInterval(() => {
    for (const client of server.clients) client.send('price');
  }, 30_000);
}

function subscribe(feed, ping) {
  const socket = new WebSocket('ws://exchange/');
  socket.on('open', () => feed.connections++);
  socket.on('message', () => (feed.latest = performance.now()));
  socket.on('error', () => {});
  let answered = true;
  socket.on('pong', () => (answered = true));
  const heartbeat =
    ping &&
    setInterval(() => {
      if (!answered) return socket.terminate();
      answered = false;
      socket.ping();
    }, 30_000);
  socket.on('close', () => {
    clearInterval(heartbeat);
    setTimeout(subscribe, 1000, feed, ping);
  });
}

for (const ping of [false, true]) {
  const sim = simulate({ seed: 1 });
  const client = sim.host('client');
  const exchange = sim.host('exchange');
  sim.link(client, exchange, { latency: 30, loss: 0.01 });
  exchange.onRestart(() => exchange.run(publish));
  exchange.run(publish);
  const feed = { connections: 0, latest: 0 };
  client.run(() => subscribe(feed, ping));
  sim.at(600_000, () => exchange.crash());
  sim.at(605_000, () => exchange.restart());
  await sim.run(3_600_000);
  const silence = Math.floor((sim.now - feed.latest) / 60_000);
  console.log(`ws: ${ping ? 'with' : 'without'} ping: ${feed.connections} connections, silent for ${silence} minutes`);
  await sim.close();
}
