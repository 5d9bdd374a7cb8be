import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PacketPool } from '../../src/link/packet.ts';
import { tap } from '../../src/link/tap.ts';
import { openCapture } from '../../src/node/capture.ts';
import { EventLoopDriver } from '../../src/node/driver.ts';
import { systemRandom } from '../../src/node/entropy.ts';
import { configureTun, openTun, type TunLink } from '../../src/node/tun.ts';
import { Stack } from '../../src/stack/stack.ts';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';
import { missingForTun, Namespace, skipTitle } from '../helpers/needs.ts';

const missing = missingForTun();

/** A stack and the kernel on the two ends of a device, in real time. */
describe.skipIf(missing !== null)(skipTitle('a stack on a TUN device', missing), () => {
  const capturePath = `/tmp/tsyn-${process.pid}.pcapng`;
  let space: Namespace;
  let driver: EventLoopDriver;
  let link: TunLink;
  let stack: Stack;

  beforeAll(async () => {
    space = new Namespace('stack');
    driver = new EventLoopDriver();
    const pool = new PacketPool();
    const { scheduler } = driver;
    stack = new Stack({ scheduler, random: systemRandom, pool });
    link = await openTun({ name: 'tsyns%d', pool, scheduler });
    configureTun(link.name, { namespace: space.name, addresses: ['10.77.1.1/24', 'fd77:1::1/64'], up: true });
    const capture = openCapture(capturePath);
    const watched = tap(link, scheduler, capture.port(link.name, link.medium));
    stack.addInterface({ link: watched, name: 'tun', addresses: ['10.77.1.2/24', 'fd77:1::2/64'] });
  });

  afterAll(async () => {
    stack.close();
    await link.closed;
    driver.close();
    space.delete();
    rmSync(capturePath, { force: true });
  });

  async function inside(...words: string[]): Promise<string> {
    const child = spawn('ip', ['netns', 'exec', space.name, ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 20_000,
    });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += String(chunk);
    });
    await once(child, 'close');
    return text;
  }

  it('answers the pings of the kernel, of both families, up to fragments', async () => {
    for (const address of ['10.77.1.2', 'fd77:1::2']) {
      for (const size of ['56', '1400', '4000']) {
        const said = await inside('ping', '-q', '-i', '0.01', '-c', '5', '-s', size, address);
        expect(said, `${address} ${size}`).toContain('5 received, 0% packet loss');
      }
    }
  });

  it('pings the kernel', async () => {
    driver.wake();
    expect(await stack.ping('10.77.1.1')).toMatchObject({ address: '10.77.1.1', ttl: 64 });
    driver.wake();
    expect(await stack.ping('fd77:1::1')).toMatchObject({ address: 'fd77:1::1', ttl: 64 });
  });

  it('echoes what a client in the kernel writes, and closes when it does', async () => {
    const echo = (socket: TcpSocket): void => {
      while (socket.readableLength > 0) {
        const text = socket.peek();
        const taken = socket.write(text);
        socket.consume(taken);
        if (taken < text.length) return; // onWritable follows
      }
      if (socket.atEnd) socket.end();
    };
    stack.tcp.listen({
      port: 7,
      onConnection: (socket) => {
        socket.handler = { onReadable: echo, onWritable: echo, onEnd: echo };
        echo(socket);
      },
    });
    for (const address of ['10.77.1.2', 'fd77:1::2']) {
      const client = `
        const s = require('net').connect(7, '${address}');
        const data = require('crypto').randomBytes(300000);
        const got = [];
        s.on('data', (d) => got.push(d)).on('end', () => console.log(Buffer.concat(got).equals(data) ? 'equal' : 'different'));
        s.end(data);`;
      expect(await inside(process.execPath, '-e', client), address).toBe('equal\n');
    }
    expect(readFileSync(capturePath).length).toBeGreaterThan(4 * 300_000);
  });
});
