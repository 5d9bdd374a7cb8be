/** Owns: curl and wget with a tsyn server: large bodies, ranges, resumed downloads, kept connections, TLS, HTTP/2. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import { join } from 'node:path';
import { tool } from '../../interop/tools.mjs';
import { version } from '../daemon.mjs';
import { makeCertificate, serve } from '../serve.mjs';
import { site } from '../site.mjs';
import { megabytes, patternBuffer, patternDigest, sha256 } from '../text.mjs';

const OCTETS = 100e6;
const LIMIT = 80;

/** Lets `work` have a site of tsyn's over HTTP. */
async function withSite({ place }, work) {
  const served = await serve(place.near, http.createServer(site));
  try {
    await work(`http://${place.near.host}:${served.port}`, served);
  } finally {
    await served.stop();
  }
}

const rate = (octets, ms) => `${megabytes((octets / ms) * 1000)}/s`;

export const curlProgram = {
  name: 'curl',
  place: 'tun',
  needs: ['curl', 'openssl'],
  start: async ({ place, directory }) => ({
    version: version('curl'),
    certificate: makeCertificate(directory, [place.near.address]),
  }),
  cases: {
    'a large body each way': (context) =>
      withSite(context, async (url) => {
        const octets = context.scaled(OCTETS);
        const began = performance.now();
        const down = await tool('curl', ['-sSf', `${url}/text/1/${octets}`], { limit: LIMIT });
        const between = performance.now();
        assert.deepEqual([down.octets, down.digest], [octets, patternDigest(1, octets)]);
        const path = join(context.directory, 'upload');
        writeFileSync(path, patternBuffer(2, 0, octets));
        const before = performance.now();
        const up = await tool('curl', ['-sSf', '-T', path, `${url}/sink`], { limit: LIMIT });
        assert.deepEqual(JSON.parse(up.said), { digest: patternDigest(2, octets), octets });
        const rates = [rate(octets, between - began), rate(octets, performance.now() - before)];
        context.note(`${megabytes(octets)} each way, down at ${rates[0]}, up at ${rates[1]}`);
      }),
    'ranges, and many requests on one connection': (context) =>
      withSite(context, async (url, served) => {
        const range = await tool('curl', ['-sSf', '-r', '1000-1999', `${url}/text/3/5000`]);
        assert.equal(range.digest, sha256(patternBuffer(3, 1000, 2000)));
        const tail = await tool('curl', ['-sSf', '-r', '-10', `${url}/text/3/5000`]);
        assert.equal(tail.digest, sha256(patternBuffer(3, 4990, 5000)));
        const beyond = ['-sS', '-o', '/dev/null', '-w', '%{http_code}', '-r', '6000-', `${url}/text/3/5000`];
        assert.equal((await tool('curl', beyond)).said, '416');
        const connections = served.connections;
        const count = context.scaled(500);
        const kept = await tool('curl', ['-sSf', `${url}/text/4/[1-${count}]`]);
        const wanted = Array.from({ length: count }, (_, i) => patternBuffer(4, 0, i + 1));
        assert.equal(kept.digest, sha256(Buffer.concat(wanted)));
        assert.equal(served.connections - connections, 1);
        context.note(`${count} requests on one connection`);
      }),
    async 'HTTP/2 over TLS, side by side'({ place, server: { certificate }, scaled, note }) {
      const served = await serve(place.near, http2.createSecureServer({ ...certificate, allowHTTP1: true }, site));
      const url = `https://${place.near.host}:${served.port}`;
      const octets = scaled(10e6);
      const common = ['-sSf', '--no-progress-meter', '--cacert', certificate.certPath];
      for (const [option, wanted] of [
        ['--http1.1', '1.1'],
        ['--http2', '2'],
      ]) {
        const words = [...common, option, '-w', '%{stderr}%{http_version}', `${url}/text/5/${octets}`];
        const one = await tool('curl', words, { limit: LIMIT });
        assert.deepEqual([one.digest, one.complaint], [patternDigest(5, octets), wanted]);
      }
      const before = served.connections;
      const each = Math.round(octets / 10);
      const transfers = Array.from({ length: 10 }, (_, i) => ['-o', '/dev/null', `${url}/text/${i}/${each}`]);
      const words = [
        ...common,
        '--http2',
        '--parallel',
        '-w',
        '%{http_version}:%{size_download} ',
        ...transfers.flat(),
      ];
      const many = await tool('curl', words, { limit: LIMIT });
      assert.equal(many.said, `2:${each} `.repeat(10));
      note(`${megabytes(3 * octets)} on as few connections as curl likes: ${served.connections - before}`);
      await served.stop();
    },
  },
};

export const wgetProgram = {
  name: 'wget',
  place: 'tun',
  needs: ['wget'],
  start: async () => ({ version: version('wget') }),
  cases: {
    'a large body, and the rest of one': (context) =>
      withSite(context, async (url) => {
        const octets = context.scaled(OCTETS);
        const path = join(context.directory, 'download');
        const began = performance.now();
        await tool('wget', ['-q', '--tries=1', '-O', path, `${url}/text/1/${octets}`], { limit: LIMIT });
        const speed = rate(octets, performance.now() - began);
        assert.equal(sha256(readFileSync(path)), patternDigest(1, octets));
        // As if it had been broken off after a third.
        writeFileSync(path, patternBuffer(1, 0, Math.round(octets / 3)));
        await tool('wget', ['-q', '--tries=1', '-c', '-O', path, `${url}/text/1/${octets}`], { limit: LIMIT });
        assert.equal(sha256(readFileSync(path)), patternDigest(1, octets));
        context.note(`${megabytes(octets)} at ${speed}, and two thirds of it again`);
      }),
    'a site is mirrored over one connection': (context) =>
      withSite(context, async (url, served) => {
        const count = context.scaled(200);
        const folder = join(context.directory, 'mirror');
        const words = ['-q', '--tries=1', '-r', '-l', '1', '-nH', '-P', folder, '-e', 'robots=off'];
        await tool('wget', [...words, `${url}/linked/${count}`], { limit: LIMIT });
        for (let i = 0; i < count; i++) {
          const got = readFileSync(join(folder, 'text', `${i + 1}`, '1000'));
          assert.equal(Buffer.compare(got, patternBuffer(i + 1, 0, 1000)), 0);
        }
        assert.equal(served.connections, 1);
        context.note(`${count} pages`);
      }),
  },
};
