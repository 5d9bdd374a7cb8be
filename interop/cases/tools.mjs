/** Owns: the programs that people use, against tsyn: ping, curl, wget, Python's web server, nc. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pattern, patternDigest } from '../pattern.mjs';
import { server, tool } from '../tools.mjs';
import { until } from '../wait.mjs';
import { BENIGN, test } from './define.mjs';

const OCTETS = 1_000_000;
const PORT = 50_080;

/** HTTP on tsyn, just large enough: every request is answered with one text, and its connection closed. */
function serve(world, seed, octets) {
  const head = `HTTP/1.0 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: ${octets}\r\n\r\n`;
  const listener = world.listen({ keep: true });
  const answer = async () => {
    const flow = await listener.accept();
    await until(() => flow.kept.includes('\r\n\r\n'), 'a request');
    flow.say(head);
    await flow.write(seed, octets);
    flow.end();
    await flow.untilClosed();
    assert.equal(flow.error, null);
  };
  return { port: listener.port, answer };
}

function url(address, port) {
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}/bytes`;
}

export const tools = [
  test('tsyn answers the pings of the kernel, up to fragments', {}, async ({ world }) => {
    for (const size of [56, 1400, 4000]) {
      const { said } = await tool('ping', ['-q', '-i', '0.02', '-c', '5', '-s', `${size}`, world.address]);
      assert.match(said, /5 received, 0% packet loss/);
    }
  }),

  test('the kernel answers the pings of tsyn, up to fragments', {}, async ({ world }) => {
    for (const size of [56, 1400, 4000]) {
      world.wake();
      const reply = await world.stack.ping(world.kernelAddress, { size });
      assert.equal(reply.address, world.kernelAddress);
      assert.equal(reply.size, size);
    }
  }),

  test('curl fetches from tsyn', { allow: BENIGN }, async ({ world }) => {
    const { port, answer } = serve(world, 2, OCTETS);
    const words = ['-sS', '-g', '--fail', url(world.address, port)];
    const [{ octets, digest }] = await Promise.all([tool('curl', words), answer()]);
    assert.equal(octets, OCTETS);
    assert.equal(digest, patternDigest(2, OCTETS));
  }),

  test('wget fetches from tsyn', { allow: BENIGN }, async ({ world }) => {
    const { port, answer } = serve(world, 2, OCTETS);
    const words = ['-q', '-O', '-', '--tries=1', url(world.address, port)];
    const [{ octets, digest }] = await Promise.all([tool('wget', words), answer()]);
    assert.equal(octets, OCTETS);
    assert.equal(digest, patternDigest(2, OCTETS));
  }),

  test('tsyn fetches from the web server of Python', { allow: BENIGN }, async ({ world, directory }) => {
    writeFileSync(join(directory, 'bytes'), pattern(2, 0, OCTETS));
    const words = ['-u', '-m', 'http.server', '--bind', world.kernelAddress, '--directory', directory, `${PORT}`];
    const python = server('python3', words);
    try {
      await until(
        () => world.kernelListens(PORT),
        () => `the web server to listen: ${python.complaint}`,
      );
      const flow = world.connect(PORT, { flow: { keep: true } });
      await flow.connected();
      flow.say('GET /bytes HTTP/1.0\r\n\r\n');
      await flow.untilEnd();
      flow.end();
      const reply = flow.kept;
      const body = reply.subarray(reply.indexOf('\r\n\r\n') + 4);
      assert.match(reply.toString('latin1', 0, 40), /^HTTP\/1\.0 200 OK\r\n/);
      assert.equal(createHash('sha256').update(body).digest('hex'), patternDigest(2, OCTETS));
      await flow.untilClosed();
      assert.equal(flow.error, null);
    } finally {
      await python.stop();
    }
  }),

  test('nc sends a file to tsyn and takes one from it', { allow: BENIGN }, async ({ world }) => {
    const listener = world.listen();
    const input = pattern(2, 0, OCTETS);
    const done = tool('nc', ['-N', world.address, `${listener.port}`], { input });
    const flow = await listener.accept();
    await Promise.all([flow.untilEnd(), flow.write(3, OCTETS)]);
    flow.end();
    const { digest } = await done;
    assert.equal(flow.digest(), patternDigest(2, OCTETS));
    assert.equal(digest, patternDigest(3, OCTETS));
  }),

  test('tsyn connects to nc that listens', { allow: BENIGN }, async ({ world }) => {
    const done = tool('nc', ['-N', '-l', world.kernelAddress, `${PORT}`], { input: pattern(2, 0, OCTETS) });
    await until(() => world.kernelListens(PORT), 'nc to listen');
    const flow = world.connect(PORT);
    await Promise.all([flow.untilEnd(), flow.write(3, OCTETS)]);
    flow.end();
    const { digest } = await done;
    assert.equal(flow.digest(), patternDigest(2, OCTETS));
    assert.equal(digest, patternDigest(3, OCTETS));
  }),
];
