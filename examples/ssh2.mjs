// ssh2 over tsyn, both ends: npm run -s build && node examples/ssh2.mjs
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import ssh from 'ssh2';
import net from 'tsyn/net';

const { private: hostKey } = ssh.utils.generateKeyPairSync('ed25519');
const shell = new ssh.Server({ hostKeys: [hostKey] }, (connection) => {
  connection.on('authentication', (request) => request.accept());
  connection.on('session', (accept) => {
    accept().on('exec', (agree, _, { command }) => {
      const stream = agree();
      stream.write(`${command}: done`);
      stream.exit(0);
      stream.end();
    });
  });
});
// The server's line.
const server = net.createServer((socket) => shell.injectSocket(socket)).listen(22, '127.0.0.1');
await once(server, 'listening');

// The client's line.
const client = new ssh.Client().connect({ sock: net.connect(22, '127.0.0.1'), username: 'tsyn' });

await once(client, 'ready');
const stream = await new Promise((resolve, reject) => {
  client.exec('work', (error, channel) => (error ? reject(error) : resolve(channel)));
});
console.log(`ssh2: ${await text(stream)}`);
client.end();
server.close();
