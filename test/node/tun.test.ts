import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Scheduler } from '../../src/base/scheduler.ts';
import type { LinkReceiver } from '../../src/link/link.ts';
import { CSUM_PARTIAL, HEADROOM, type Packet, PacketPool } from '../../src/link/packet.ts';
import { configureTun, openTun, type TunLink, type TunOptions } from '../../src/node/tun.ts';
import { parseAddress } from '../../src/wire/address.ts';
import { readU16, readU32, writeU16 } from '../../src/wire/bytes.ts';
import { finish, fold, pseudoHeader, sum } from '../../src/wire/checksum.ts';
import { Ipv4Header, parseIpv4, writeIpv4 } from '../../src/wire/ipv4.ts';
import { parseTcp, RST, Segment, tcpHeaderLength, writeTcp } from '../../src/wire/tcp.ts';
import { writeUdp } from '../../src/wire/udp.ts';
import { missingForTun, Namespace, skipTitle } from '../helpers/needs.ts';

const missing = missingForTun();
const pool = new PacketPool();
const scheduler = new Scheduler();
const KERNEL = '10.77.0.1';
const OURS = '10.77.0.2';

/** Answers pings, keeps everything else. */
class Responder implements LinkReceiver {
  readonly kept: Packet[] = [];
  bursts = 0;
  echoes = 0;
  readonly #link: TunLink;
  readonly #ip: Ipv4Header = new Ipv4Header();

  constructor(link: TunLink) {
    this.#link = link;
    link.attach(this);
  }

  packet(packet: Packet): void {
    const { buf, off, len } = packet;
    const ip = this.#ip;
    if (parseIpv4(buf, packet.words, off, len, ip) !== 'ok') {
      pool.give(packet); // IPv6 router solicitations
      return;
    }
    if (ip.protocol !== 1 || buf[ip.payloadOffset] !== 8) {
      this.kept.push(packet);
      return;
    }
    this.echoes++;
    [ip.src, ip.dst] = [ip.dst, ip.src];
    writeIpv4(buf, off, ip);
    buf[ip.payloadOffset] = 0;
    writeU16(buf, ip.payloadOffset + 2, 0);
    writeU16(buf, ip.payloadOffset + 2, finish(sum(buf, packet.words, ip.payloadOffset, ip.payloadLength, 0)));
    packet.checksum = 0;
    this.#link.send(packet);
  }

  burstEnd(): void {
    this.bursts++;
  }

  async next(protocol: number): Promise<Packet> {
    for (let i = 0; i < 1000; i++) {
      const at = this.kept.findIndex((packet) => packet.buf[packet.off + 9] === protocol);
      if (at >= 0) return this.kept.splice(at, 1)[0]!;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`no packet of protocol ${protocol} came`);
  }
}

/** An IPv4 packet from us to the kernel with `write` filling in the transport part; the checksum is left partial. */
function datagram(
  protocol: number,
  length: number,
  field: number,
  write: (buf: Uint8Array, at: number) => void,
): Packet {
  const packet = pool.take(20 + length);
  const ip = new Ipv4Header();
  ip.ttl = 64;
  ip.protocol = protocol;
  ip.src = parseAddress(OURS)!;
  ip.dst = parseAddress(KERNEL)!;
  ip.totalLength = 20 + length;
  ip.payloadLength = length;
  packet.len = 20 + length;
  writeIpv4(packet.buf, HEADROOM, ip);
  write(packet.buf, HEADROOM + 20);
  writeU16(packet.buf, HEADROOM + 20 + field, fold(pseudoHeader(ip.src, ip.dst, protocol, length)));
  packet.checksum = CSUM_PARTIAL;
  return packet;
}

async function output(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout!.on('data', (chunk) => {
    text += String(chunk);
  });
  await once(child, 'close');
  return text;
}

describe.skipIf(missing !== null)(skipTitle('a TUN device against the kernel', missing), () => {
  let space: Namespace;
  beforeAll(() => {
    space = new Namespace('tun');
  });
  afterAll(() => space.delete());

  async function opened(options: Partial<TunOptions>, run: (link: TunLink, peer: Responder) => Promise<void>) {
    const link = await openTun({ name: 'tsynt%d', pool, scheduler, ...options });
    try {
      const peer = new Responder(link);
      configureTun(link.name, {
        namespace: space.name,
        addresses: [`${KERNEL}/24`],
        mtu: link.mtu,
        queue: 1000,
        up: true,
      });
      await run(link, peer);
    } finally {
      link.close();
      await link.closed;
    }
  }

  const inside = (...words: string[]): ChildProcess =>
    spawn('ip', ['netns', 'exec', space.name, ...words], { stdio: ['pipe', 'pipe', 'inherit'] });

  for (const offload of [true, false]) {
    it(`answers the kernel's pings, ${offload ? 'with' : 'without'} offloads`, async () => {
      await opened({ offload }, async (link, peer) => {
        const said = await output(inside('ping', '-q', '-i', '0.01', '-c', '20', '-s', '1400', OURS));
        expect(said).toContain('20 packets transmitted, 20 received, 0% packet loss');
        expect(peer.echoes).toBe(20);
        expect(peer.bursts).toBeGreaterThan(0);
        expect(link.counters.txPackets).toBe(20);
        expect(link.counters.txDropped).toBe(0);
      });
    });
  }

  it('answers also while it does not hold the process, and after it does again', async () => {
    await opened({}, async (link, peer) => {
      for (const step of ['unref', 'unref', 'ref', 'ref'] as const) {
        link[step]();
        const said = await output(inside('ping', '-q', '-i', '0.01', '-c', '5', OURS));
        expect(said, step).toContain('5 received, 0% packet loss');
      }
      expect(peer.echoes).toBe(20);
    });
  });

  it('carries packets of 65,000 octets when the MTU allows', async () => {
    await opened({ mtu: 65535, offload: false }, async () => {
      const said = await output(inside('ping', '-q', '-M', 'do', '-i', '0.01', '-c', '5', '-s', '65000', OURS));
      expect(said).toContain('5 received, 0% packet loss');
    });
  });

  it('receives checksums that the kernel left partial, marked so', async () => {
    await opened({}, async (_link, peer) => {
      spawnSync('ip', ['netns', 'exec', space.name, 'bash', '-c', `echo -n hello > /dev/udp/${OURS}/7`]);
      const packet = await peer.next(17);
      expect(packet.checksum).toBe(CSUM_PARTIAL);
      const field = readU16(packet.buf, packet.off + 26);
      expect(field).toBe(fold(pseudoHeader(parseAddress(KERNEL)!, parseAddress(OURS)!, 17, 13)));
      expect(String.fromCharCode(...packet.buf.subarray(packet.off + 28, packet.off + packet.len))).toBe('hello');
      pool.give(packet);
    });
  });

  it('leaves checksums partial for the kernel, which takes the packet as intact', async () => {
    await opened({}, async (link) => {
      const listener = inside(
        process.execPath,
        '-e',
        `const s = require('dgram').createSocket('udp4').on('message', (m) => { console.log('got ' + m); s.close(); });
         s.bind(7, () => console.log('bound'));`,
      );
      const text = output(listener);
      await once(listener.stdout!, 'data');
      const words = 'checksums are for others';
      link.send(
        datagram(17, 8 + words.length, 6, (buf, at) => {
          writeUdp(buf, at, 7777, 7, 8 + words.length);
          for (let i = 0; i < words.length; i++) buf[at + 8 + i] = words.charCodeAt(i);
        }),
      );
      expect(await text).toContain('got checksums are for others');
    });
  });

  it('sends super-segments, of which the kernel acknowledges the last octet', async () => {
    await opened({}, async (link, peer) => {
      const text = 44 * 1460;
      const segment = new Segment();
      segment.srcPort = 5000;
      segment.dstPort = 9;
      link.send(
        Object.assign(
          datagram(6, tcpHeaderLength(segment) + text, 16, (buf, at) => {
            writeTcp(buf, at, segment);
          }),
          { segmentSize: 1460 },
        ),
      );
      expect(link.counters.txDropped).toBe(0);
      // Nobody listens: the reset of RFC 9293 3.10.7.1 acknowledges SEG.SEQ + SEG.LEN, once for the whole.
      const packet = await peer.next(6);
      const reset = new Segment();
      expect(parseTcp(packet.buf, packet.off + 20, packet.len - 20, reset)).toBe('ok');
      expect(reset.flags & RST).toBe(RST);
      expect(readU32(packet.buf, packet.off + 28)).toBe(text);
      pool.give(packet);
      expect(peer.kept.length).toBe(0);
    });
  });

  it('carries Ethernet frames in TAP mode', async () => {
    const link = await openTun({ name: 'tsynt%d', mode: 'tap', pool, scheduler });
    try {
      const types: number[] = [];
      const arp = new Promise<void>((resolve) => {
        link.attach({
          packet: (packet) => {
            const type = readU16(packet.buf, packet.off + 12);
            types.push(type);
            if (type === 0x0806) resolve();
            pool.give(packet);
          },
          burstEnd: () => {},
        });
      });
      configureTun(link.name, { namespace: space.name, addresses: ['10.78.0.1/24'], up: true });
      const ping = inside('ping', '-q', '-c', '1', '-W', '1', '10.78.0.2');
      await Promise.all([arp, output(ping)]);
      expect(types).toContain(0x0806);
    } finally {
      link.close();
      await link.closed;
    }
  });

  it('counts what the kernel refuses: the interface is down', async () => {
    const link = await openTun({ name: 'tsynt%d', pool, scheduler });
    link.send(datagram(17, 8, 6, (buf, at) => writeUdp(buf, at, 1, 2, 8)));
    expect(link.counters.txDropped).toBe(1);
    link.close();
    link.close();
    link.send(datagram(17, 8, 6, (buf, at) => writeUdp(buf, at, 1, 2, 8)));
    expect(link.counters.txDropped).toBe(2);
  });

  it('ends with an error when the interface is deleted under it', async () => {
    const link = await openTun({ name: 'tsynt%d', pool, scheduler });
    configureTun(link.name, { namespace: space.name, up: true });
    space.run('ip', 'link', 'delete', link.name);
    expect(await link.closed).toMatchObject({ name: 'TsynError', code: 'EBADFD' });
  });

  it('says what to do when a name is taken, too long, or the device absent', async () => {
    const link = await openTun({ name: 'tsynt%d', pool, scheduler });
    await expect(openTun({ name: link.name, pool, scheduler })).rejects.toMatchObject({ code: 'EBUSY' });
    await expect(openTun({ name: link.name, mode: 'tap', pool, scheduler })).rejects.toMatchObject({ code: 'EINVAL' });
    link.close();
    await expect(openTun({ name: 'sixteen-octets-x', pool, scheduler })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    });
    await expect(openTun({ device: '/dev/net/none', pool, scheduler })).rejects.toMatchObject({
      code: 'ENOENT',
      message: expect.stringContaining('mknod'),
    });
    expect(() => configureTun('-all', {})).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
    expect(() => configureTun('tsyn-none', { up: true })).toThrow(
      expect.objectContaining({ code: 'ERR_TSYN_IP_COMMAND', message: expect.stringContaining('tsyn-none') }),
    );
  });

  it('lets the process end, closed or not, also while a thread waits in poll', () => {
    const tun = JSON.stringify(new URL('../../dist/node/tun.js', import.meta.url).href);
    const link = JSON.stringify(new URL('../../dist/link/packet.js', import.meta.url).href);
    const base = JSON.stringify(new URL('../../dist/base/scheduler.js', import.meta.url).href);
    const ends = ['link.close()', 'process.exit(0)', 'setTimeout(() => link.close(), 50)', 'link.unref()'];
    ends.push('link.unref().ref(); setTimeout(() => link.close(), 50)', 'link.unref(); link.close()');
    for (const end of ends) {
      const source = `import { openTun } from ${tun}; import { PacketPool } from ${link}; import { Scheduler } from ${base};
        const link = await openTun({ name: 'tsynt%d', pool: new PacketPool(), scheduler: new Scheduler() });
        await new Promise((resolve) => setTimeout(resolve, 100)); ${end}`;
      const start = performance.now();
      const child = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
        encoding: 'utf8',
        timeout: 20_000,
      });
      expect(child.stderr).toBe('');
      expect(child.status, end).toBe(0);
      expect(performance.now() - start).toBeLessThan(10_000);
    }
  });

  it('works inside user and network namespaces of its own', () => {
    const tun = JSON.stringify(new URL('../../dist/node/tun.js', import.meta.url).href);
    const source = `import { openTun, configureTun } from ${tun};
      const { PacketPool } = await import(${JSON.stringify(new URL('../../dist/link/packet.js', import.meta.url).href)});
      const { Scheduler } = await import(${JSON.stringify(new URL('../../dist/base/scheduler.js', import.meta.url).href)});
      const link = await openTun({ name: 'tsynu0', pool: new PacketPool(), scheduler: new Scheduler() });
      configureTun(link.name, { addresses: ['10.77.0.1/24', 'fd77::1/64'], mtu: 1400, up: true });
      link.close(); console.log('opened', link.name);`;
    const child = spawnSync('unshare', ['-r', '-n', process.execPath, '--input-type=module', '-e', source], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect(child.stderr).toBe('');
    expect(child.stdout).toBe('opened tsynu0\n');
  });
});
