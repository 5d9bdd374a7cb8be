/**
 * Owns: the kernel's side of a conversation: a process whose sockets are Node's own `net`, ordered about by the suite over
 * IPC (`kernel.mjs`), so that the suite's event loop is tsyn's alone.
 *
 * Orders are `{ id, op, ... }` and are answered `{ id, value }` or `{ id, error }`. Without being asked it tells what a
 * socket has become: `{ socket, state }`.
 */

import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { pattern, patternDigest } from './pattern.mjs';

/** Octets written to a socket at once. */
const CHUNK = 256 * 1024;

const servers = [];
const sockets = [];

/** Keeps the books of a socket. `options`: echo, paused. */
function adopt(socket, server, options) {
  const entry = {
    number: sockets.length,
    server,
    socket,
    hash: createHash('sha256'),
    received: 0,
    connected: server !== null,
    ended: false,
    closed: false,
    error: null,
    localPort: 0,
    remotePort: 0,
  };
  sockets.push(entry);
  // Before anything listens for data, or reading begins when it is connected.
  if (options.paused) socket.pause();
  socket.on('connect', () => {
    entry.connected = true;
    tell(entry);
  });
  socket.on('data', (data) => {
    entry.received += data.length;
    entry.hash.update(data);
    if (options.echo && !socket.write(data)) {
      socket.pause();
      socket.once('drain', () => socket.resume());
    }
  });
  socket.on('end', () => {
    entry.ended = true;
    if (options.echo) socket.end();
    tell(entry);
  });
  socket.on('error', (error) => {
    entry.error = error.code ?? String(error);
    tell(entry);
  });
  socket.on('close', () => {
    entry.closed = true;
    tell(entry);
  });
  tell(entry);
  return entry;
}

function stateOf(entry) {
  const { number, server, socket, received, connected, ended, closed, error } = entry;
  // A socket that is closed has forgotten them.
  entry.localPort = socket.localPort ?? entry.localPort;
  entry.remotePort = socket.remotePort ?? entry.remotePort;
  const { localPort, remotePort } = entry;
  return { number, server, received, connected, ended, closed, error, localPort, remotePort };
}

function tell(entry) {
  process.send?.({ socket: entry.number, state: stateOf(entry) });
}

/** Writes the text of a seed, never more than the socket wants at once. */
async function write(socket, seed, octets) {
  for (let at = 0; at < octets; ) {
    const piece = pattern(seed, at, Math.min(CHUNK, octets - at));
    at += piece.length;
    await new Promise((resolve, reject) => socket.write(piece, (error) => (error ? reject(error) : resolve())));
  }
}

/** One connection that sends the text of a seed, wants it back, and closes. */
function echoed(where, seed, octets) {
  return new Promise((resolve) => {
    const hash = createHash('sha256');
    const socket = net.connect({ ...where, allowHalfOpen: true });
    let error = null;
    socket.on('connect', () =>
      write(socket, seed, octets).then(
        () => socket.end(),
        () => {},
      ),
    );
    socket.on('data', (data) => hash.update(data));
    socket.on('error', (e) => {
      error = e.code ?? String(e);
    });
    socket.on('close', () => {
      resolve(error ?? (hash.digest('hex') === patternDigest(seed, octets) ? 'equal' : 'different'));
    });
  });
}

const operations = {
  listen({ host, port, options }) {
    const number = servers.length;
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: options.paused === true });
    servers.push(server);
    server.on('connection', (socket) => adopt(socket, number, options));
    return new Promise((resolve, reject) => {
      server.on('error', reject);
      server.listen({ host, port, backlog: 4096 }, () => resolve({ number, port: server.address().port }));
    });
  },
  unlisten({ number }) {
    servers[number].close();
  },
  /** Of the network namespace that this process is in. */
  sysctl({ settings }) {
    for (const [name, value] of Object.entries(settings)) writeFileSync(`/proc/sys/net/ipv4/${name}`, `${value}`);
  },
  connect({ where, options }) {
    return stateOf(adopt(net.connect({ ...where, allowHalfOpen: true }), null, options));
  },
  write: ({ number, seed, octets }) => write(sockets[number].socket, seed, octets),
  end({ number }) {
    sockets[number].socket.end();
  },
  reset({ number }) {
    sockets[number].socket.resetAndDestroy();
  },
  pause({ number }) {
    sockets[number].socket.pause();
  },
  resume({ number }) {
    sockets[number].socket.resume();
  },
  state: ({ number }) => stateOf(sockets[number]),
  digest: ({ number }) => sockets[number].hash.copy().digest('hex'),
  async echoes({ where, count, octets }) {
    const all = Array.from({ length: count }, (_, seed) => echoed(where, seed % 8, octets + seed));
    const counts = {};
    for (const word of await Promise.all(all)) counts[word] = (counts[word] ?? 0) + 1;
    return counts;
  },
};

process.on('message', async ({ id, op, ...order }) => {
  try {
    process.send({ id, value: await operations[op](order) });
  } catch (error) {
    process.send?.({ id, error: { code: error.code, message: error.message } });
  }
});
process.on('disconnect', () => process.exit());
