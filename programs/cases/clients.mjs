/** Owns: undici and ws with tsyn at both ends. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { Pool } from 'undici';
import { WebSocket, WebSocketServer } from 'ws';
import { listen, serve } from '../serve.mjs';
import { site } from '../site.mjs';
import { digestOf, megabytes, pattern, patternDigest, patternStream } from '../text.mjs';

export const undiciProgram = {
  name: 'undici',
  place: 'pipe',
  cases: {
    async 'requests in pipelines, and a body each way'({ place, scaled, note }) {
      const served = await serve(place.far, http.createServer(site));
      const { near, far } = place;
      const pool = new Pool(`http://${far.host}:${served.port}`, {
        connections: 4,
        pipelining: 8,
        connect(options, done) {
          const socket = near.net.connect({ host: far.address, port: Number(options.port), noDelay: true });
          socket.once('connect', () => done(null, socket)).once('error', done);
        },
      });
      const count = scaled(2000);
      const asked = Array.from({ length: count }, async (_, i) => {
        const { statusCode, body } = await pool.request({ method: 'GET', path: `/text/${i % 8}/${i}` });
        assert.equal(statusCode, 200);
        assert.deepEqual(await digestOf(body), { digest: patternDigest(i % 8, i), octets: i });
      });
      await Promise.all(asked);
      const octets = scaled(20e6);
      const { body } = await pool.request({ method: 'GET', path: `/text/5/${octets}` });
      assert.deepEqual(await digestOf(body), { digest: patternDigest(5, octets), octets });
      const up = await pool.request({ method: 'PUT', path: '/sink', body: patternStream(6, 0, octets) });
      assert.deepEqual(await up.body.json(), { digest: patternDigest(6, octets), octets });
      assert.ok(served.connections <= 4, `${served.connections} connections`);
      await pool.close();
      await served.stop();
      note(`${count} requests, ${megabytes(octets)} each way`);
    },
    async 'a server that is not there is refused by its code'({ place }) {
      const { near, far } = place;
      const gone = await listen(far, () => {});
      await gone.stop();
      const pool = new Pool(`http://${far.host}:${gone.port}`, {
        connect(options, done) {
          const socket = near.net.connect({ host: far.address, port: Number(options.port) });
          socket.once('connect', () => done(null, socket)).once('error', done);
        },
      });
      await assert.rejects(pool.request({ method: 'GET', path: '/' }), { code: 'ECONNREFUSED' });
      await pool.close();
    },
  },
};

export const wsProgram = {
  name: 'ws',
  place: 'pipe',
  cases: {
    async 'an echo of many messages, each as it was and in its turn'({ place, scaled, note }) {
      const server = http.createServer();
      const sockets = new WebSocketServer({ server });
      sockets.on('connection', (socket) => {
        socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
      });
      const served = await serve(place.far, server);
      const client = new WebSocket(`ws://${place.far.host}:${served.port}/`, {
        createConnection: ({ port }) => place.near.net.connect({ host: place.far.address, port: Number(port) }),
      });
      await once(client, 'open');
      const count = scaled(10_000);
      // Text and octets in turn, lengths of every form of the frame's header.
      const message = (i) =>
        i % 2 === 0 ? `message ${i}` : Buffer.from(pattern(i % 8, i, i % 1000 === 999 ? 70_000 : i % 400));
      let octets = 0;
      const echoed = new Promise((resolve, reject) => {
        let next = 0;
        client.on('message', (data, isBinary) => {
          const wanted = message(next);
          const same = isBinary ? Buffer.compare(data, Buffer.from(wanted)) === 0 : data.toString() === wanted;
          if (!same || isBinary !== (next % 2 === 1)) reject(new Error(`message ${next} came back as another`));
          octets += data.length;
          if (++next === count) resolve();
        });
        client.on('error', reject);
        client.on('close', (code) => reject(new Error(`closed with ${code} after ${next} messages`)));
      });
      for (let i = 0; i < count; i++) {
        const sent = new Promise((resolve, reject) => client.send(message(i), (e) => (e ? reject(e) : resolve())));
        // A hundred at a time on their way.
        if (i % 100 === 99) await sent;
      }
      await echoed;
      client.close(1000);
      const [code] = await once(client, 'close');
      assert.equal(code, 1000);
      sockets.close();
      await served.stop();
      note(`${count} messages, ${megabytes(octets)}`);
    },
  },
};
