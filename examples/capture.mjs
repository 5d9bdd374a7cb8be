// A capture of a conversation on a wire that loses packets now and then: npm run -s build && node examples/capture.mjs talk.pcapng
// Then: node dist/cli/main.js explain talk.pcapng
import { tap } from 'tsyn/link';
import { openCapture } from 'tsyn/node';
import { World } from 'tsyn/sim';

const path = process.argv[2] ?? 'talk.pcapng';
const world = new World({ seed: 7 });
const client = world.host('client');
const server = world.host('server');
const capture = openCapture(path, { epoch: Date.UTC(2025, 0, 1) });
const wrap = (link, host) =>
  host === client ? tap(link, world.scheduler, capture.port(host.name, link.medium)) : link;
const lossy = { delay: 20, loss: 1 / 5 };
world.join(client, server, { forth: lossy, back: lossy, wrap });

const answer = new Uint8Array(8000);
const readAll = (socket) => socket.consume(socket.readableLength);
server.tcp.listen({
  port: 80,
  onConnection: (socket) => socket.write(answer),
  handler: { onReadable: readAll, onEnd: (socket) => socket.end() },
});
const socket = client.tcp.connect({ address: '10.0.0.2', port: 80 });
socket.handler.onReadable = readAll;
socket.write(new TextEncoder().encode('What is there?'));
socket.end();

world.run();
await capture.close();
console.log(`${capture.packets} packets in ${path}`);
