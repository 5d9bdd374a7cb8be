/** Owns: the programs that people use, against tsyn: ping, curl, wget, Python's web server, nc. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceHost } from '../../dist/cli/services.js';
import { pattern, patternDigest } from '../pattern.mjs';
import { server, tool } from '../tools.mjs';
import { until } from '../wait.mjs';
import { BENIGN, test } from './define.mjs';

const OCTETS = 1_000_000;
const PORT = 50_080;

/** tsyn's own web service. */
function serve(world) {
  const errors = [];
  const host = new ServiceHost(world.stack, { closed: (_conversation, error) => error !== null && errors.push(error) });
  host.listen('http', PORT);
  return { host, errors, url: `http://${world.family === 6 ? `[${world.address}]` : world.address}:${PORT}/bytes/` };
}

/** The digest of what `/bytes/` has. */
function servedDigest(octets) {
  const text = Buffer.alloc(octets);
  for (let i = 0; i < octets; i++) text[i] = i % 251;
  return createHash('sha256').update(text).digest('hex');
}

export const tools = [
  test('tsyn answers the pings of the kernel, up to fragments', {}, async ({ world }) => {
    for (const size of [56, 1400, 4000]) {
      const { said } = await tool('ping', ['-q', '-i', '0.02', '-c', '5', '-w', '10', '-s', `${size}`, world.address]);
      assert.ok(Number(/(\d+) received/.exec(said)?.[1]) >= 5, said);
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

  test('curl fetches from tsyn, and again over the same connection', { allow: BENIGN }, async ({ world }) => {
    const { host, errors, url } = serve(world);
    // What is written out for %{num_connects} adds up to one connection.
    const options = ['-sS', '-g', '--fail', '-w', '%{stderr}%{num_connects}'];
    const first = await tool('curl', [...options, `${url}${OCTETS}`]);
    assert.equal(first.octets, OCTETS);
    assert.equal(first.digest, servedDigest(OCTETS));
    const both = await tool('curl', [...options, `${url}1000`, `${url}2000`]);
    assert.equal(both.octets, 3000);
    assert.equal(both.complaint, '10');
    await until(() => host.open === 0, 'the connections to end');
    assert.equal(host.accepted, 2);
    assert.deepEqual(errors, []);
  }),

  test('wget fetches from tsyn', { allow: BENIGN }, async ({ world }) => {
    const { host, errors, url } = serve(world);
    const { octets, digest } = await tool('wget', ['-q', '-O', '-', '--tries=1', `${url}${OCTETS}`]);
    assert.equal(octets, OCTETS);
    assert.equal(digest, servedDigest(OCTETS));
    await until(() => host.open === 0, 'the connection to end');
    assert.deepEqual(errors, []);
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
