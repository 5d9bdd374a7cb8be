#!/usr/bin/env node
/**
 * tsyn and a Linux that runs in this very process, in the PC that v86 emulates, joined by `v86Link`:
 *
 *     npm run interop:guest
 *
 * Needs no rights and no device; apt fetches the guest's kernel once (`image.mjs`). Without apt everything is skipped, or
 * fails with TSYN_REQUIRE=1. Booting takes half a minute, and more where the machine is busy.
 *
 * Owns: the two hosts, the conversations, and the closing line.
 */

import { createHash } from 'node:crypto';
import { createStack } from 'tsyn';
import { EventLoopDriver, systemRandom } from 'tsyn/node';
import { createSockets, v86Link } from 'tsyn/web';
import { pattern, patternDigest } from '../pattern.mjs';
import { makeImage } from './image.mjs';
import { Machine } from './machine.mjs';

const MEGABYTE = 1_000_000;
const SEED = 7;

const INIT = `
export PATH=/bin
/bin/busybox mount -t proc none /proc
/bin/busybox --install -s /bin
mount -t sysfs none /sys
mount -t devtmpfs none /dev
echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad
ip link set lo up
ip link set eth0 up
ip addr add 10.0.0.2/24 dev eth0
ip addr add fd00::2/64 dev eth0
httpd -p 80 -h /www
stty -F /dev/ttyS0 -echo
echo READY > /dev/ttyS0
exec setsid sh -c 'exec sh </dev/ttyS0 >/dev/ttyS0 2>&1'
`;

function wholePattern(octets) {
  const pieces = [];
  for (let at = 0; at < octets; at += pieces.at(-1).length) pieces.push(pattern(SEED, at, octets - at));
  return Buffer.concat(pieces);
}

/** Reads to the end, and leaves what is before the text of an HTTP answer away. */
async function bodyOf(readable) {
  const chunks = [];
  for await (const chunk of readable) chunks.push(chunk);
  const all = Buffer.concat(chunks);
  return all.subarray(all.indexOf('\r\n\r\n') + 4);
}

const digest = (octets) => createHash('sha256').update(octets).digest('hex');

function equal(actual, expected, what) {
  if (actual !== expected) throw new Error(`${what}: ${actual}, not ${expected}`);
}

/** Everything that is tried, by name. */
function conversations(host, machine) {
  const { stack, sockets } = host;
  const bracketed = (address) => (address.includes(':') ? `[${address}]` : address);
  const each = (families) => Object.entries(families).map(([family, [ours, theirs]]) => ({ family, ours, theirs }));
  const families = each({ IPv4: ['10.0.0.1', '10.0.0.2'], IPv6: ['fd00::1', 'fd00::2'] });
  const all = {};
  for (const { family, ours, theirs } of families) {
    const ping = family === 'IPv4' ? 'ping' : 'ping6';
    all[`${family}: tsyn pings the guest`] = async () => equal((await stack.ping(theirs)).address, theirs, 'the reply');
    all[`${family}: the guest pings tsyn, with fragments`] = async () => {
      const said = await machine.run(`${ping} -c 3 -s 3000 ${ours} | grep received`);
      if (!said.includes('3 packets received')) throw new Error(said);
    };
    all[`${family}: tsyn fetches a megabyte from the guest`] = async () => {
      const socket = sockets.connect({ hostname: theirs, port: 80 }, { allowHalfOpen: true });
      const writer = socket.writable.getWriter();
      await writer.write(new TextEncoder().encode('GET /megabyte HTTP/1.0\r\n\r\n'));
      await writer.close(); // half-closed: the answer comes all the same
      equal(digest(await bodyOf(socket.readable)), patternDigest(SEED, MEGABYTE), 'the digest');
      await socket.closed;
    };
    all[`${family}: the guest fetches a megabyte from tsyn`] = async () => {
      const said = await machine.run(`wget -q -O - http://${bracketed(ours)}/ | sha256sum`);
      equal(said.split(' ')[0], patternDigest(SEED, MEGABYTE), 'the digest');
    };
    all[`${family}: the guest closes its half, and then hears an answer`] = async () => {
      equal(await machine.run(`echo a line | nc ${ours} 7`), 'a line', 'the echo');
    };
    all[`${family}: nobody listens, on either side`] = async () => {
      const said = await machine.run(`nc ${ours} 9 2>&1`, 1);
      if (!/refused/.test(said)) throw new Error(said);
      const refused = await sockets.connect({ hostname: theirs, port: 9 }).opened.then(
        () => 'connected',
        (error) => error.code,
      );
      equal(refused, 'ECONNREFUSED', 'the error');
    };
  }
  all['nothing was wrong with any packet'] = async () => {
    const wrong = Object.entries(stack.counters()).filter(
      ([name, n]) => n > 0 && /InCsumErrors|InErrs|malformed/.test(name),
    );
    equal(JSON.stringify(wrong), '[]', 'counters');
    const { refused, missed, overflowed, oversized } = host.link.counters;
    equal(refused + missed + overflowed + oversized, 0, 'messages dropped');
  };
  return all;
}

/** Answers HTTP with a megabyte, and echoes what a client says once it has closed its half. */
function serve(sockets) {
  const megabyte = wholePattern(MEGABYTE);
  const answer = async (socket, port) => {
    const chunks = [];
    for await (const chunk of socket.readable) {
      chunks.push(chunk);
      if (port === 80 && Buffer.concat(chunks).includes('\r\n\r\n')) break;
    }
    const writer = socket.writable.getWriter();
    if (port === 80) await writer.write(Buffer.concat([Buffer.from('HTTP/1.0 200 OK\r\n\r\n'), megabyte]));
    else for (const chunk of chunks) await writer.write(chunk);
    await writer.close();
  };
  const listeners = [80, 7].map((port) => {
    const listener = sockets.listen({ port, allowHalfOpen: true });
    void (async () => {
      for await (const socket of listener) answer(socket, port).catch((error) => console.log(`port ${port}: ${error}`));
    })();
    return listener;
  });
  return () => Promise.all(listeners.map((listener) => listener.close()));
}

async function main() {
  let image;
  try {
    image = makeImage({ init: INIT, files: [['www/megabyte', wholePattern(MEGABYTE)]] });
  } catch (error) {
    const required = process.env.TSYN_REQUIRE === '1';
    console.log(
      `cannot run: ${error.message}\n\n0 passed, ${required ? '1 failed, 0 skipped' : '0 failed, 1 skipped'}`,
    );
    return required ? 1 : 0;
  }
  console.log(`booting Linux ${image.release} in v86`);
  const driver = new EventLoopDriver();
  const stack = createStack({ scheduler: driver.scheduler, random: systemRandom });
  const sockets = createSockets(stack);
  const machine = new Machine(image);
  const link = v86Link(machine.emulator, stack);
  stack.addInterface({ link, mac: '02:00:00:00:00:01', addresses: ['10.0.0.1/24', 'fd00::1/64'] });
  const stopServing = serve(sockets);
  const started = performance.now();
  await machine.boot();
  console.log(`it is up after ${Math.round(performance.now() - started)} ms`);
  let [passed, failed] = [0, 0];
  for (const [name, conversation] of Object.entries(conversations({ stack, sockets, link }, machine))) {
    const since = performance.now();
    try {
      await conversation();
      passed++;
      console.log(`ok      ${name} (${Math.round(performance.now() - since)} ms)`);
    } catch (error) {
      failed++;
      console.log(`FAILED  ${name}: ${error.message}`);
    }
  }
  await stopServing();
  sockets.close();
  stack.close();
  driver.close();
  await machine.stop();
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exit(await main());
