/** A relay of WebSockets on loopback, as those for v86 are: what a client says, all others of the same path hear. */

import { once } from 'node:events';
import { WebSocketServer } from 'ws';

export async function openRelay() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const rooms = new Map();
  server.on('connection', (client, { url }) => {
    const room = rooms.get(url) ?? new Set();
    rooms.set(url, room.add(client));
    client.on('message', (data, isBinary) => {
      for (const other of room) if (other !== client) other.send(data, { binary: isBinary });
    });
    client.on('close', () => room.delete(client));
    client.on('error', () => client.terminate());
  });
  return {
    url: (name) => `ws://127.0.0.1:${server.address().port}/${name}`,
    close() {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
}
