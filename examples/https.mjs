// Node's https over tsyn, both ends: npm run -s build && node examples/https.mjs
import { once } from 'node:events';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import net, { attachTls } from 'tsyn/net';
import { certificate } from './certificate.mjs';

const { key, cert } = certificate();

// The server's lines: `attachTls` is what gives the sockets of requests their addresses.
const site = attachTls(
  https.createServer({ key, cert }, ({ socket }, response) => response.end(`for ${socket.remoteAddress}`)),
);
const server = net.createServer((socket) => site.emit('connection', socket)).listen(443, '127.0.0.1');
await once(server, 'listening');

// The client's lines: an agent whose connections are TLS over tsyn's.
const createConnection = (options) => attachTls(tls.connect({ ...options, socket: net.connect(options) }));
const agent = Object.assign(new https.Agent({ keepAlive: true, ca: cert }), { createConnection });

const request = https.get({ host: '127.0.0.1', agent });
const [response] = await once(request, 'response');
const { remoteAddress, remotePort } = request.socket;
console.log(`https: ${response.statusCode} ${await text(response)}, from ${remoteAddress} port ${remotePort}`);
agent.destroy();
server.close();
