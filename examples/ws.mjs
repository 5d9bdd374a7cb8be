// ws over tsyn, both ends: npm run -s build && node examples/ws.mjs
import { once } from 'node:events';
import http from 'node:http';
import net from 'tsyn/net';
import { WebSocket, WebSocketServer } from 'ws';

const site = http.createServer();
const sockets = new WebSocketServer({ server: site });
sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`${data} and back`)));
// The server's line.
const server = net.createServer((socket) => site.emit('connection', socket)).listen(80, '127.0.0.1');
await once(server, 'listening');

// The client's line.
const socket = new WebSocket('ws://127.0.0.1/', { createConnection: net.connect });

await once(socket, 'open');
socket.send('there');
const [data] = await once(socket, 'message');
console.log(`ws: ${data}`);
socket.close();
await once(socket, 'close');
server.close();
