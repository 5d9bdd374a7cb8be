// A program that knows nothing of tsyn, over tsyn: npm run -s build && node --import tsyn/register examples/register.mjs
import { once } from 'node:events';
import http from 'node:http';

const server = http.createServer((request, response) => request.pipe(response)).listen(80);
await once(server, 'listening');
const response = await fetch('http://localhost/', { method: 'POST', body: 'there and back' });
console.log(`register: ${response.status} ${await response.text()}`);
server.close();
server.closeAllConnections();

// Port 80, and nobody had to be root: these were sockets of the stack. It is exported, for those who want to see.
const { stack } = await import('tsyn/register');
const { TcpActiveOpens, TcpPassiveOpens, TcpInSegs } = stack.mib.tcp;
console.log(
  `register: ${TcpActiveOpens} connection opened, ${TcpPassiveOpens} accepted, ${TcpInSegs > 4 ? 'several' : 'few'} segments`,
);
