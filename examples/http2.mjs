// Node's http2 over tsyn, both ends: npm run -s build && node examples/http2.mjs
import { once } from 'node:events';
import http2 from 'node:http2';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import net, { attachTls } from 'tsyn/net';
import { certificate } from './certificate.mjs';

const { key, cert } = certificate();

const site = attachTls(http2.createSecureServer({ key, cert }));
site.on('request', ({ url, socket }, response) => response.end(`${url} for ${socket.remoteAddress}`));
// The server's line.
const server = net.createServer((socket) => site.emit('connection', socket)).listen(443, '127.0.0.1');
await once(server, 'listening');

// The client's lines.
const createConnection = ({ hostname: host }) =>
  tls.connect({ socket: net.connect(443, host), host, ca: cert, ALPNProtocols: ['h2'] });
const session = http2.connect('https://127.0.0.1', { createConnection });

const answers = ['/one', '/two'].map((path) => text(session.request({ ':path': path })));
console.log(`http2: ${(await Promise.all(answers)).join(', ')}`);
session.close();
server.close();
