// pg over tsyn: npm run -s build && node examples/pg.mjs
//
// The server is the least that answers one query in PostgreSQL's protocol. With a stack that has a link (`createNet(stack)`) the client's
// line is the same, and the server PostgreSQL.
import { once } from 'node:events';
import pg from 'pg';
import net from 'tsyn/net';

/** A message: its kind, its length, its content. */
const message = (kind, ...parts) => {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length + 4);
  return Buffer.concat([Buffer.from(kind), length, content]);
};
const READY = message('Z', 'I');
const WELCOME = Buffer.concat([message('R', [0, 0, 0, 0]), READY]);
const TEXT_COLUMN = [0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0];

const server = net.createServer((socket) => {
  socket.once('data', () => {
    socket.write(WELCOME);
    socket.on('data', (data) => {
      if (data[0] === 'Q'.charCodeAt(0)) socket.write(answer(data.subarray(5, -1).toString()));
    });
  });
});
const answer = (query) =>
  Buffer.concat([
    message('T', [0, 1], 'query\0', TEXT_COLUMN),
    message('D', [0, 1, 0, 0, 0, query.length], query),
    message('C', 'SELECT 1\0'),
    READY,
  ]);
await once(server.listen(5432, '127.0.0.1'), 'listening');

// The line: a function that makes the socket, which pg connects.
const client = new pg.Client({ host: '127.0.0.1', user: 'tsyn', stream: () => new net.Socket() });

await client.connect();
const { rows } = await client.query('select me');
console.log(`pg: ${rows[0].query}`);
await client.end();
server.close();
