// ssh2 over tsyn, both ends: npm run -s build && node examples/ssh2.mjs
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import ssh from 'ssh2';
import net from 'tsyn/net';

// Node's own key: one in four hundred of ssh2's `utils.generateKeyPairSync('ed25519')` is refused by ssh2 itself.
const { privateKey: hostKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  privateKeyEncoding: { type: 'sec1', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
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
