// A pool of pg that hands out dead connections: npm run -s build && node examples/sim-pg.mjs
//
// A firewall on the way forgets connections that are silent for five minutes, and drops what it does not know. The server is the least that
// answers one query in PostgreSQL's protocol.
import net from 'node:net';
import pg from 'pg';
import { simulate } from 'tsyn/sim';

const message = (kind, ...parts) => {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length + 4);
  return Buffer.concat([Buffer.from(kind), length, content]);
};
const READY = message('Z', 'I');
const WELCOME = Buffer.concat([message('R', [0, 0, 0, 0]), READY]);
const DONE = Buffer.concat([message('C', 'INSERT 0 1\0'), READY]);

const database = () =>
  net
    .createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write(WELCOME);
        socket.on('data', (data) => (data[0] === 'Q'.charCodeAt(0) ? socket.write(DONE) : socket.end()));
      });
    })
    .listen(5432);

const firewall = (sim) => {
  const heard = new Map();
  return (packet, _direction, passage) => {
    const connection = [packet.srcPort, packet.dstPort].sort().join();
    const known = sim.now - heard.get(connection) < 300_000;
    if (known || packet.flags & 2) heard.set(connection, sim.now);
    else passage.drop();
  };
};

async function work(options) {
  const pool = new pg.Pool({ host: 'database', user: 'worker', max: 1, idleTimeoutMillis: 0, ...options });
  pool.on('error', () => {});
  await pool.query('insert 1');
  await new Promise((resolve) => setTimeout(resolve, 600_000));
  const began = performance.now();
  const outcome = await pool.query('insert 2').then(
    () => 'done',
    (error) => error.message,
  );
  return `${outcome} after ${Math.ceil(performance.now() - began)} ms`;
}

for (const options of [{}, { keepAlive: true, keepAliveInitialDelayMillis: 60_000 }, { idleTimeoutMillis: 60_000 }]) {
  const sim = simulate({ seed: 1 });
  const worker = sim.host('worker');
  const server = sim.host('database');
  sim.link(worker, server, { latency: 5 }).middlebox(firewall(sim));
  server.run(database);
  console.log(`pg: ${JSON.stringify(options)}: ${await sim.until(worker.run(() => work(options)))}`);
  await sim.close();
}
