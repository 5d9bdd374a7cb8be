/** Owns: express and fastify behind tsyn's listener: asked by `http`'s client, and under autocannon's load. */

import assert from 'node:assert/strict';
import http from 'node:http';
import { createRequire } from 'node:module';
import express from 'express';
import Fastify from 'fastify';
import { httpAgent, request } from '../agent.mjs';
import { serve } from '../serve.mjs';
import { digestOf, megabytes, patternDigest, patternStream } from '../text.mjs';

const require = createRequire(import.meta.url);
/** The module object that CommonJS programs see: its functions can be replaced, which an import's cannot. */
const requiredNet = require('node:net');
const autocannon = require('autocannon');

const CONNECTIONS = 20;
const REQUESTS = 10_000;
const UPLOAD = 20e6;

/** What both frameworks serve: a greeting by name, and the digest of an upload. */
async function expressServer() {
  const app = express();
  app.get('/hello/:name', (asked, answer) => answer.json({ hello: asked.params.name }));
  app.put('/sink', async (asked, answer) => answer.json(await digestOf(asked)));
  return { server: http.createServer(app), close: async () => {} };
}

async function fastifyServer() {
  let server;
  const app = Fastify({
    serverFactory: (handler) => {
      server = http.createServer(handler);
      return server;
    },
  });
  app.addContentTypeParser('application/octet-stream', (_, payload, done) => done(null, payload));
  app.get('/hello/:name', async (asked) => ({ hello: asked.params.name }));
  app.put('/sink', async (asked) => digestOf(asked.body));
  await app.ready();
  return { server, close: () => app.close() };
}

function framework(name, make) {
  const served = (run) => async (context) => {
    const { server, close } = await make();
    const site = await serve(context.place.far, server);
    try {
      await run(context, site);
    } finally {
      await site.stop();
      await close();
    }
  };
  return {
    name,
    place: 'pipe',
    cases: {
      'requests and an upload over kept connections': served(async ({ place, scaled, note }, site) => {
        const agent = httpAgent(place.near.net, { maxSockets: 4 });
        const where = { agent, host: place.far.address, port: site.port };
        const count = scaled(500);
        const names = Array.from({ length: count }, (_, i) => `caller-${i}`);
        await Promise.all(
          names.map(async (caller) => {
            const response = await request(http, { ...where, path: `/hello/${caller}` });
            assert.deepEqual(await bodyOf(response), { hello: caller });
          }),
        );
        assert.equal(site.connections, 4);
        const octets = scaled(UPLOAD);
        const headers = { 'Content-Type': 'application/octet-stream' };
        const put = { ...where, path: '/sink', method: 'PUT', headers };
        const response = await request(http, put, patternStream(1, 0, octets));
        assert.deepEqual(await bodyOf(response), { digest: patternDigest(1, octets), octets });
        agent.destroy();
        note(`${count} requests, ${megabytes(octets)} up`);
      }),
      'a load by autocannon': served(async ({ place, scaled, note }, site) => {
        const amount = scaled(REQUESTS);
        const url = `http://${place.far.host}:${site.port}/hello/everybody`;
        const result = await overNet(place.near.net, () => autocannon({ url, connections: CONNECTIONS, amount }));
        const { errors, timeouts, non2xx, requests } = result;
        assert.deepEqual(
          { errors, timeouts, non2xx, answered: result['2xx'] },
          { errors: 0, timeouts: 0, non2xx: 0, answered: amount },
        );
        note(`${amount} requests by ${CONNECTIONS} connections, ${Math.round(requests.average)} a second`);
      }),
    },
  };
}

async function bodyOf(response) {
  let text = '';
  for await (const data of response.setEncoding('utf8')) text += data;
  return JSON.parse(text);
}

/** autocannon takes no sockets, and calls `net.connect`: it is answered by another net while `run` runs. */
async function overNet(net, run) {
  const { connect } = requiredNet;
  requiredNet.connect = net.connect;
  try {
    return await run();
  } finally {
    requiredNet.connect = connect;
  }
}

export const expressProgram = framework('express', expressServer);
export const fastifyProgram = framework('fastify', fastifyServer);
