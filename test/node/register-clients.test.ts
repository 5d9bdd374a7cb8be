/**
 * Clients that take no socket, over tsyn by `tsyn/register`. Their servers are the least that answers in the protocol, and on the
 * stack of the same process: what is tried is that the client's traffic gets there and back, whole.
 */

import { describe, expect, it } from 'vitest';
import { linesOf } from '../helpers/registered.ts';

const MONGODB = `
import net from 'node:net';
import { BSON, MongoClient } from 'mongodb';

const hello = { isWritablePrimary: true, ismaster: true, helloOk: true, minWireVersion: 0, maxWireVersion: 21,
  maxBsonObjectSize: 16777216, maxMessageSizeBytes: 48000000, maxWriteBatchSize: 100000 };
const answers = {
  hello: () => hello, ismaster: () => hello, endSessions: () => ({}),
  find: ({ filter }) => ({ cursor: { id: 0n, ns: 'zoo.animals', firstBatch: [{ _id: 1, ...filter, note: 'x'.repeat(200000) }] } }),
};
const OP_REPLY = 1, OP_QUERY = 2004, OP_MSG = 2013;
const integers = (...values) => { const octets = Buffer.alloc(4 * values.length); values.forEach((value, i) => octets.writeInt32LE(value, 4 * i)); return octets; };
const answer = (message) => {
  const [id, operation] = [message.readInt32LE(4), message.readInt32LE(12)];
  const at = operation === OP_MSG ? 21 : message.indexOf(0, 20) + 9;
  const query = BSON.deserialize(message.subarray(at, at + message.readInt32LE(at)));
  const name = Object.keys(answers).find((key) => key.toLowerCase() === Object.keys(query)[0].toLowerCase());
  const document = BSON.serialize({ ...answers[name](query), ok: 1 });
  const head = operation === OP_MSG ? Buffer.concat([integers(0), Buffer.alloc(1)]) : integers(8, 0, 0, 0, 1);
  return Buffer.concat([integers(16 + head.length + document.length, 0, id, operation === OP_MSG ? OP_MSG : OP_REPLY), head, document]);
};
const server = net.createServer((socket) => {
  let rest = Buffer.alloc(0);
  socket.on('error', () => {}).on('data', (data) => {
    rest = Buffer.concat([rest, data]);
    while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
      const length = rest.readInt32LE(0);
      socket.write(answer(rest.subarray(0, length)));
      rest = rest.subarray(length);
    }
  });
});
await once(server.listen(27017, '127.0.0.1'), 'listening');
const client = new MongoClient('mongodb://127.0.0.1:27017/?directConnection=true', { serverSelectionTimeoutMS: 10000 });
const found = await client.db('zoo').collection('animals').findOne({ name: 'gnu' });
say(found.name, found.note.length);
await client.close();
server.close();
say(opened()[0] >= 2, opened()[0] === opened()[1]);
`;

const REDIS = `
import net from 'node:net';
import { createClient } from 'redis';

const values = new Map();
const bulk = (text) => '$' + Buffer.byteLength(text) + '\\r\\n' + text + '\\r\\n';
const commands = {
  HELLO: () => '%1\\r\\n' + bulk('server') + bulk('redis'),
  SET: (key, value) => { values.set(key, value); return '+OK\\r\\n'; },
  GET: (key) => bulk(values.get(key)),
};
const server = net.createServer((socket) => {
  let rest = '';
  socket.setEncoding('latin1').on('data', (data) => {
    rest += data;
    for (;;) {
      const words = [];
      let at = rest.indexOf('\\r\\n') + 2;
      if (at < 2) return;
      for (let left = Number(rest.slice(1, at - 2)); left > 0; left--) {
        const end = rest.indexOf('\\r\\n', at);
        const length = Number(rest.slice(at + 1, end));
        if (end < 0 || rest.length < end + length + 4) return;
        words.push(rest.slice(end + 2, end + 2 + length));
        at = end + length + 4;
      }
      rest = rest.slice(at);
      socket.write(commands[words[0].toUpperCase()]?.(...words.slice(1)) ?? '+OK\\r\\n');
    }
  });
});
await once(server.listen(6379, '127.0.0.1'), 'listening');
const client = createClient({ url: 'redis://127.0.0.1:6379' });
await client.connect();
await client.set('long', 'v'.repeat(300000));
const answers = await Promise.all([client.get('long'), client.set('short', 'w'), client.get('short')]);
say(answers[0].length, answers[1], answers[2]);
await client.close();
server.close();
say(opened());
`;

const AMQP = `
import net from 'node:net';
import { connect } from 'amqplib';

const frame = (channel, ...content) => {
  const payload = Buffer.concat(content.map((part) => Buffer.from(part)));
  const head = Buffer.alloc(7);
  head[0] = 1;
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.from([0xce])]);
};
const long = (text) => [0, 0, 0, text.length, ...Buffer.from(text)];
// What is answered to each method, by class and number.
const answers = {
  '10.11': (c) => frame(c, [0, 10, 0, 30], [0, 16], [0, 2, 0, 0], [0, 0]), // start-ok: tune
  '10.40': (c) => frame(c, [0, 10, 0, 41], [0]),
  '10.50': (c) => frame(c, [0, 10, 0, 51]),
  '20.10': (c) => frame(c, [0, 20, 0, 11], long('')),
  '20.40': (c) => frame(c, [0, 20, 0, 41]),
  '50.10': (c) => frame(c, [0, 50, 0, 11], [4, ...Buffer.from('work')], [0, 0, 0, 7, 0, 0, 0, 2]),
};
const server = net.createServer((socket) => {
  socket.once('readable', () => {
    socket.read(8); // 'AMQP' and the version
    socket.write(frame(0, [0, 10, 0, 10], [0, 9], long(''), long('PLAIN'), long('en_US')));
    let rest = Buffer.alloc(0);
    socket.on('data', (data) => {
      rest = Buffer.concat([rest, data]);
      while (rest.length >= 8 && rest.length >= rest.readUInt32BE(3) + 8) {
        const method = rest.readUInt16BE(7) + '.' + rest.readUInt16BE(9);
        const said = rest[0] === 1 && answers[method]?.(rest.readUInt16BE(1));
        rest = rest.subarray(rest.readUInt32BE(3) + 8);
        if (said) socket.write(said);
      }
    });
  });
});
await once(server.listen(5672, '127.0.0.1'), 'listening');
const connection = await connect('amqp://127.0.0.1');
const channel = await connection.createChannel();
const { queue, messageCount, consumerCount } = await channel.assertQueue('work');
say(queue, messageCount, consumerCount);
await channel.close();
await connection.close();
server.close();
say(opened());
`;

describe('a client that takes no socket', () => {
  it('is mongodb', async () => {
    expect(await linesOf(MONGODB)).toEqual(['gnu 200000', 'true true']);
  });

  it('is redis', async () => {
    expect(await linesOf(REDIS)).toEqual(['300000 OK w', '[1,1]']);
  });

  it('is amqplib', async () => {
    expect(await linesOf(AMQP)).toEqual(['work 7 2', '[1,1]']);
  });
});
