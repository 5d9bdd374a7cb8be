// Two hosts on a wire that loses a third of all packets: npm run -s build && node examples/quick-start.mjs
import { World } from 'tsyn/sim';

const world = new World({ seed: 19 });
const client = world.host('client');
const server = world.host('server');
const lossy = { delay: 20, loss: 1 / 3 };
const { link } = world.join(client, server, { forth: lossy, back: lossy }); // 10.0.0.1 and 10.0.0.2
const say = (text) => console.log(`${world.now} ms: ${text}`);

const echo = (socket) => socket.consume(socket.write(socket.peek()));
server.tcp.listen({ port: 7, onConnection: () => {}, handler: { onReadable: echo, onEnd: (socket) => socket.end() } });

const socket = client.tcp.connect({ address: '10.0.0.2', port: 7 });
socket.write(new TextEncoder().encode('Is anybody there?'));
socket.end();
socket.handler.onEnd = () => say(`"${new TextDecoder().decode(socket.peek())}" came back, and the end of it`);

world.run();
const { send, receive } = link.counters;
say(`TIME-WAIT is over; ${send.lost + receive.lost} of ${send.offered + receive.offered} packets were lost`);
