/** Owns: `https` and `http2` with tsyn at both ends. */

import assert from 'node:assert/strict';
import http2 from 'node:http2';
import https from 'node:https';
import tls from 'node:tls';
import { httpsAgent, request } from '../agent.mjs';
import { makeCertificate, serve } from '../serve.mjs';
import { site } from '../site.mjs';
import { digestOf, megabytes, patternDigest, patternStream } from '../text.mjs';

const OCTETS = 20e6;
const STREAMS = 100;

const start = async ({ place, directory }) => ({ certificate: makeCertificate(directory, [place.far.address]) });

async function json(stream) {
  let text = '';
  for await (const data of stream.setEncoding('utf8')) text += data;
  return JSON.parse(text);
}

export const httpsProgram = {
  name: 'https',
  place: 'pipe',
  needs: ['openssl'],
  start,
  cases: {
    async 'a body each way, the certificate verified'({ place, server: { certificate }, scaled, note }) {
      const served = await serve(place.far, https.createServer(certificate, site));
      const octets = scaled(OCTETS);
      const agent = httpsAgent(place.near.net, { ca: certificate.cert });
      const where = { agent, host: place.far.address, port: served.port };
      const down = await request(https, { ...where, path: `/text/3/${octets}` });
      assert.equal(down.socket.authorized, true);
      assert.deepEqual(await digestOf(down), { digest: patternDigest(3, octets), octets });
      const up = await request(https, { ...where, path: '/sink', method: 'POST' }, patternStream(4, 0, octets));
      assert.deepEqual(await json(up), { digest: patternDigest(4, octets), octets });
      agent.destroy();
      await served.stop();
      note(`${megabytes(octets)} each way`);
    },
    async 'a certificate of nobody we know is refused'({ place, server: { certificate } }) {
      const served = await serve(place.far, https.createServer(certificate, site));
      const agent = httpsAgent(place.near.net);
      const asked = request(https, { agent, host: place.far.address, port: served.port, path: '/text/1/1' });
      await assert.rejects(asked, { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
      agent.destroy();
      await served.stop();
    },
  },
};

/** A session of `http2` over a net. */
function session({ net, far, port, certificate }) {
  const url = `${certificate === null ? 'http' : 'https'}://${far.host}:${port}`;
  const connect = () => {
    const socket = net.connect({ host: far.address, port });
    return certificate === null ? socket : tls.connect({ socket, ca: certificate.cert, ALPNProtocols: ['h2'] });
  };
  const made = http2.connect(url, { createConnection: connect });
  const failed = new Promise((_, reject) => made.on('error', reject));
  failed.catch(() => {});
  return { made, failed };
}

async function exchange({ place, scaled, note }, certificate) {
  const served = await serve(
    place.far,
    certificate === null ? http2.createServer(site) : http2.createSecureServer(certificate, site),
  );
  const { made, failed } = session({ net: place.near.net, far: place.far, port: served.port, certificate });
  const octets = scaled(OCTETS);
  const each = Math.round(octets / STREAMS);
  const work = async () => {
    // All at once over the one connection.
    const downs = Array.from({ length: STREAMS }, async (_, i) => {
      const stream = made.request({ ':path': `/text/${i % 8}/${each + i}` });
      assert.deepEqual(await digestOf(stream), { digest: patternDigest(i % 8, each + i), octets: each + i });
    });
    const stream = made.request({ ':path': '/sink', ':method': 'POST' });
    patternStream(9, 0, octets).pipe(stream);
    assert.deepEqual(await json(stream), { digest: patternDigest(9, octets), octets });
    await Promise.all(downs);
    await new Promise((resolve, reject) => made.ping((error) => (error ? reject(error) : resolve())));
    await new Promise((resolve) => made.close(resolve));
  };
  await Promise.race([work(), failed]);
  assert.equal(served.connections, 1);
  await served.stop();
  note(`${STREAMS} streams, ${megabytes(octets)} each way`);
}

export const http2Program = {
  name: 'http2',
  place: 'pipe',
  needs: ['openssl'],
  start,
  cases: {
    'streams side by side, over TLS': (context) => exchange(context, context.server.certificate),
    'streams side by side, in the clear': (context) => exchange(context, null),
  },
};
