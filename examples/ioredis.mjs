// ioredis over tsyn: npm run -s build && node examples/ioredis.mjs
import { once } from 'node:events';
import { Redis } from 'ioredis';
import net from 'tsyn/net';

// The least that answers as Redis does: SET and GET are understood, everything else is fine.
const values = new Map();
const commands = {
  SET: (key, value) => values.set(key, value) && '+OK\r\n',
  GET: (key) => `$${values.get(key).length}\r\n${values.get(key)}\r\n`,
};
const server = net.createServer((socket) => {
  socket.setEncoding('utf8').on('data', (data) => {
    // A command is a list of strings, each behind its length: *2 $3 GET $1 a
    for (const command of data.split(/^\*\d+\r\n/m).slice(1)) {
      const [name, ...words] = command.split('\r\n').filter((_, i) => i % 2 === 1);
      socket.write(commands[name.toUpperCase()]?.(...words) ?? '+OK\r\n');
    }
  });
});
await once(server.listen(6379, '127.0.0.1'), 'listening');

// The lines: what ioredis calls a connector.
class Connector {
  constructor({ host, port }) {
    this.target = { host, port };
  }
  check = () => true;
  connect = async () => (this.socket = net.connect(this.target));
  disconnect = () => this.socket?.end();
}
const redis = new Redis({ host: '127.0.0.1', port: 6379, Connector, enableReadyCheck: false });

await redis.set('greeting', 'hello');
console.log(`ioredis: ${await redis.get('greeting')}`);
redis.disconnect();
server.close();
