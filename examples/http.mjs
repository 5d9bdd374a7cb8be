// Node's http over tsyn, both ends: npm run -s build && node examples/http.mjs
import { once } from 'node:events';
import http from 'node:http';
import { text } from 'node:stream/consumers';
import net from 'tsyn/net';

const site = http.createServer((request, response) =>
  response.end(`${request.url} for ${request.socket.remoteAddress}`),
);
// The server's line: Node's server is given the connections of tsyn's.
const server = net.createServer((socket) => site.emit('connection', socket)).listen(80, '127.0.0.1');
await once(server, 'listening');

// The client's line: an agent that connects with tsyn. For a single request, `createConnection` is one of its options.
const agent = Object.assign(new http.Agent({ keepAlive: true }), { createConnection: net.connect });

for (const path of ['/one', '/two']) {
  const [response] = await once(http.get({ host: '127.0.0.1', path, agent }), 'response');
  console.log(`http: ${response.statusCode} ${await text(response)}`);
}
agent.destroy();
server.close();
