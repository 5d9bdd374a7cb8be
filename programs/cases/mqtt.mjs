/** Owns: MQTT both ways round: the `mqtt` client on tsyn with mosquitto, and aedes on tsyn with mosquitto's clients. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Aedes } from 'aedes';
import mqtt from 'mqtt';
import { tool } from '../../interop/tools.mjs';
import { daemon, version } from '../daemon.mjs';
import { listen } from '../serve.mjs';
import { megabytes, patternBuffer, sha256 } from '../text.mjs';

const PORT = 1883;

async function startMosquitto({ place, directory }) {
  const settings = [
    `listener ${PORT} ${place.far.address}`,
    'allow_anonymous true',
    'persistence false',
    'user root',
    'max_inflight_messages 0',
    'max_queued_messages 0',
  ];
  const config = join(directory, 'mosquitto.conf');
  writeFileSync(config, `${settings.join('\n')}\n`);
  const server = await daemon('mosquitto', ['-c', config], { address: place.far.address, port: PORT });
  return { version: version('mosquitto', '-h'), stop: server.stop };
}

async function connect({ near, far }, options = {}) {
  const client = new mqtt.MqttClient(() => near.net.connect({ host: far.address, port: PORT }), {
    reconnectPeriod: 0,
    ...options,
  });
  await once(client, 'connect');
  return client;
}

/** Collects messages of a client. @returns a promise of the payloads of `count` messages of a topic */
function collect(client, topic, count) {
  return new Promise((resolve) => {
    const payloads = [];
    client.on('message', (about, payload) => {
      if (about === topic && payloads.push(payload) === count) resolve(payloads);
    });
  });
}

export const mosquittoProgram = {
  name: 'mosquitto with mqtt',
  place: 'tun',
  needs: ['mosquitto'],
  start: startMosquitto,
  cases: {
    async 'messages of each quality of service, all of them and in order'({ place, scaled, note }) {
      const count = scaled(1000);
      const [publisher, subscriber] = await Promise.all([connect(place), connect(place)]);
      await subscriber.subscribeAsync('count/#', { qos: 2 });
      for (const qos of [0, 1, 2]) {
        const topic = `count/${qos}`;
        const collected = collect(subscriber, topic, count);
        const wanted = Array.from({ length: count }, (_, i) => `message ${i} of ${qos}`);
        await Promise.all(wanted.map((text) => publisher.publishAsync(topic, text, { qos })));
        assert.deepEqual((await collected).map(String), wanted);
      }
      await Promise.all([publisher.endAsync(), subscriber.endAsync()]);
      note(`three times ${count} messages`);
    },
    async 'large messages, a retained one, and a last will'({ place, scaled, note }) {
      const octets = scaled(5e6);
      const [publisher, subscriber] = await Promise.all([connect(place), connect(place)]);
      const payload = patternBuffer(4, 0, octets);
      await publisher.publishAsync('kept', payload, { qos: 1, retain: true });
      const kept = collect(subscriber, 'kept', 1);
      await subscriber.subscribeAsync(['kept', 'will'], { qos: 1 });
      assert.equal(Buffer.compare((await kept)[0], payload), 0);
      const will = collect(subscriber, 'will', 1);
      const mortal = await connect(place, { will: { topic: 'will', payload: 'the end', qos: 1, retain: false } });
      // Without a word of farewell.
      mortal.on('error', () => {});
      mortal.stream.destroy();
      assert.deepEqual((await will).map(String), ['the end']);
      await Promise.all([publisher.endAsync(), subscriber.endAsync(), mortal.endAsync(true)]);
      note(`${megabytes(octets)} each way`);
    },
  },
};

export const aedesProgram = {
  name: "aedes with mosquitto's clients",
  place: 'tun',
  needs: ['mosquitto_pub', 'mosquitto_sub'],
  cases: {
    async 'lines of one are the lines of the other'({ place, scaled, note }) {
      const count = scaled(2000);
      const broker = await Aedes.createBroker();
      const served = await listen(place.near, broker.handle);
      const where = ['-h', place.near.address, '-p', `${served.port}`, '-t', 'lines', '-q', '1'];
      const subscribed = once(broker, 'subscribe');
      const subscriber = tool('mosquitto_sub', [...where, '-C', `${count}`], { limit: 60 });
      await subscribed;
      const lines = Array.from({ length: count }, (_, i) => `line ${i} ${'.'.repeat(i % 300)}\n`).join('');
      await tool('mosquitto_pub', [...where, '-l'], { input: lines, limit: 60 });
      const { octets, digest } = await subscriber;
      assert.deepEqual([octets, digest], [lines.length, sha256(lines)]);
      await new Promise((resolve) => broker.close(resolve));
      await served.stop();
      note(`${count} messages, ${version('mosquitto_sub', '--help')}`);
    },
  },
};
