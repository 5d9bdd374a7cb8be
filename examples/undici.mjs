// undici over tsyn: npm run -s build && node examples/undici.mjs
import { once } from 'node:events';
import http from 'node:http';
import net from 'tsyn/net';
import { Agent, fetch } from 'undici';

const site = http.createServer((request, response) => request.pipe(response));
const server = net.createServer((socket) => site.emit('connection', socket)).listen(80, '127.0.0.1');
await once(server, 'listening');

// The lines: undici wants a socket that is connected.
const connect = ({ hostname, port }, callback) => {
  const socket = net.connect(port || 80, hostname, () => callback(null, socket)).once('error', callback);
};
const dispatcher = new Agent({ connect });

const response = await fetch('http://127.0.0.1/', { dispatcher, method: 'POST', body: 'there and back' });
console.log(`undici: ${response.status} ${await response.text()}`);
await dispatcher.close();
server.close();
