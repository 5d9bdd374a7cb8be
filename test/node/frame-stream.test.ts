import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Scheduler } from '../../src/base/scheduler.ts';
import { type Packet, PacketPool } from '../../src/link/packet.ts';
import { connectFrameStream, FrameStreamLink, LARGEST_FRAME } from '../../src/node/frame-stream.ts';
import { parseAddress } from '../../src/wire/address.ts';
import { ARP_LENGTH, ARP_REPLY, ARP_REQUEST, ArpPacket, parseArp, writeArp } from '../../src/wire/arp.ts';
import { BROADCAST_MAC, ETHERTYPE_ARP, parseMac, writeEthernet } from '../../src/wire/ethernet.ts';
import { hasCommand, skipTitle } from '../helpers/needs.ts';

const scheduler = new Scheduler();

/** A duplex under the test's control: what is written collects, and is taken only while `open`. */
class Wire extends Duplex {
  readonly written: Buffer[] = [];
  open = true;
  #waiting: Array<() => void> = [];

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const take = (): void => {
      this.written.push(Buffer.from(chunk));
      done();
    };
    if (this.open) take();
    else this.#waiting.push(take);
  }

  release(): void {
    this.open = true;
    for (const take of this.#waiting.splice(0)) take();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    done(error);
  }
}

interface Rig {
  readonly wire: Wire;
  readonly link: FrameStreamLink;
  readonly pool: PacketPool;
  readonly got: Buffer[];
  bursts: number;
}

function rig(options: { maxQueued?: number } = {}): Rig {
  const wire = new Wire();
  const pool = new PacketPool();
  const link = new FrameStreamLink(wire, { pool, scheduler, ...options });
  const got: Buffer[] = [];
  const all: Rig = { wire, link, pool, got, bursts: 0 };
  link.attach({
    packet: (packet) => {
      got.push(Buffer.from(packet.buf.subarray(packet.off, packet.off + packet.len)));
      pool.give(packet);
    },
    burstEnd: () => {
      all.bursts++;
    },
  });
  return all;
}

function framed(...frames: Uint8Array[]): Buffer {
  return Buffer.concat(
    frames.flatMap((frame) => {
      const prefix = Buffer.alloc(4);
      prefix.writeUInt32BE(frame.length);
      return [prefix, frame];
    }),
  );
}

function packetOf(pool: PacketPool, octets: Uint8Array): Packet {
  const packet = pool.take(octets.length);
  packet.buf.set(octets, packet.off);
  packet.len = octets.length;
  return packet;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a frame stream', () => {
  it('delivers the same frames however the octets are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 90 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(600), { maxLength: 20 }),
        async (frames, cuts) => {
          const { wire, got, link } = rig();
          const octets = framed(...frames);
          const at = [...new Set(cuts.map((cut) => cut % octets.length))].sort((a, b) => a - b);
          for (const [i, cut] of [...at, octets.length].entries()) {
            const part = octets.subarray(at[i - 1] ?? 0, cut);
            if (part.length > 0) wire.push(part);
            await turn();
          }
          expect(got.map((frame) => [...frame])).toEqual(frames.map((frame) => [...frame]));
          link.close();
        },
      ),
      { seed: 5, numRuns: 60 },
    );
  });

  it('delivers frames that drip in one octet at a time, down to one octet and up to the largest', async () => {
    const { wire, got, link } = rig();
    const frames = [Buffer.from([7]), Buffer.alloc(60, 1), Buffer.alloc(1514, 2), Buffer.alloc(LARGEST_FRAME, 3)];
    const octets = framed(...frames);
    const drip = octets.length - LARGEST_FRAME + 10;
    for (let i = 0; i < drip; i++) wire.emit('data', octets.subarray(i, i + 1));
    wire.emit('data', octets.subarray(drip));
    expect(got.map((frame) => frame.length)).toEqual([1, 60, 1514, LARGEST_FRAME]);
    expect(got[3]!.every((octet) => octet === 3)).toBe(true);
    link.close();
  });

  it('ends a burst once for each chunk that completed frames', () => {
    const all = rig();
    all.wire.emit('data', framed(Buffer.alloc(60), Buffer.alloc(60), Buffer.alloc(60)).subarray(0, -1));
    expect([all.got.length, all.bursts]).toEqual([2, 1]);
    all.wire.emit('data', Buffer.alloc(1));
    expect([all.got.length, all.bursts]).toEqual([3, 2]);
    all.link.close();
  });

  for (const length of [0, LARGEST_FRAME + 1, 0x80000000, 0xffffffff]) {
    it(`is closed by a frame of ${length} octets, after what came before it`, async () => {
      const { wire, link, got } = rig();
      const bad = Buffer.alloc(4);
      bad.writeUInt32BE(length);
      wire.push(Buffer.concat([framed(Buffer.alloc(60)), bad, framed(Buffer.alloc(60))]));
      expect(await link.closed).toMatchObject({ name: 'TsynError', code: 'ERR_TSYN_FRAME' });
      expect(got.length).toBe(1);
      expect(wire.destroyed).toBe(true);
    });
  }

  it('holds one frame at most, whatever is announced', () => {
    const { wire, pool, link } = rig();
    for (let i = 0; i < 1000; i++) wire.emit('data', framed(Buffer.alloc(1514)).subarray(0, 1000 + (i % 3)));
    expect(pool.made).toBeLessThanOrEqual(2);
    link.close();
  });

  it('calls an end within a frame an error, and an end between frames none', async () => {
    const clean = rig();
    clean.wire.push(framed(Buffer.alloc(60)));
    clean.wire.push(null);
    expect(await clean.link.closed).toBeNull();
    expect(clean.got.length).toBe(1);
    const cut = rig();
    cut.wire.push(framed(Buffer.alloc(60)).subarray(0, 30));
    cut.wire.push(null);
    expect(await cut.link.closed).toMatchObject({ code: 'ERR_TSYN_FRAME' });
  });

  it('writes a length and the frame, and gives the packet back when it is written', async () => {
    const { wire, link, pool } = rig();
    for (let i = 0; i < 50; i++) {
      link.send(packetOf(pool, Buffer.alloc(60 + i, i)));
      await turn();
    }
    const expected = framed(...Array.from({ length: 50 }, (_, i) => Buffer.alloc(60 + i, i)));
    expect(Buffer.concat(wire.written).equals(expected)).toBe(true);
    expect(pool.made).toBe(1);
    expect(link.queued).toBe(0);
    link.close();
  });

  it('drops the newest and counts when the stream does not take what is sent', async () => {
    const { wire, link, pool } = rig({ maxQueued: 10_000 });
    wire.open = false;
    for (let i = 0; i < 1000; i++) link.send(packetOf(pool, Buffer.alloc(996, i)));
    await turn();
    expect(link.queued).toBe(10_000);
    expect(link.counters).toMatchObject({ txPackets: 10, txDropped: 990 });
    expect(pool.made).toBeLessThanOrEqual(11);
    while (link.queued > 0) {
      wire.release();
      await turn();
    }
    expect(Buffer.concat(wire.written).length).toBe(10_000);
    expect(Buffer.concat(wire.written)[4]).toBe(0);
    link.send(packetOf(pool, Buffer.alloc(996)));
    await turn();
    expect(link.counters.txPackets).toBe(11);
    link.close();
  });

  it('gives back what was not written when it is closed, and drops what is sent later', async () => {
    const { wire, link, pool } = rig();
    wire.open = false;
    for (let i = 0; i < 5; i++) link.send(packetOf(pool, Buffer.alloc(100)));
    await turn();
    link.close();
    link.close();
    wire.release();
    await turn();
    await turn();
    expect(link.queued).toBe(0);
    link.send(packetOf(pool, Buffer.alloc(100)));
    expect(link.counters.txDropped).toBe(1);
    expect(await link.closed).toBeNull();
  });

  it('speaks over Unix sockets, and says when nobody listens', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tsyn-'));
    const path = join(folder, 'frames.sock');
    const pool = new PacketPool();
    await expect(connectFrameStream(path, { pool, scheduler })).rejects.toMatchObject({ code: 'ENOENT' });
    const server = net.createServer((socket) => socket.pipe(socket)).listen(path);
    await once(server, 'listening');
    const link = await connectFrameStream(path, { pool, scheduler });
    const echoed = new Promise<Packet>((resolve) => {
      link.attach({ packet: resolve, burstEnd: () => {} });
    });
    link.send(packetOf(pool, Buffer.from('over the socket and back')));
    const packet = await echoed;
    expect(Buffer.from(packet.buf.subarray(packet.off, packet.off + packet.len)).toString()).toBe(
      'over the socket and back',
    );
    link.close();
    server.close();
    rmSync(folder, { recursive: true });
  });
});

/** passt refuses to run as root, and needs a network of the machine to take its addresses from. */
function missingForPasst(): string | null {
  if (process.platform !== 'linux') return 'needs Linux';
  if (!hasCommand('passt')) return 'needs passt';
  const routes = spawnSync('ip', ['-4', 'route', 'show', 'default'], { encoding: 'utf8' }).stdout ?? '';
  return routes.trim() === '' ? 'needs a default route' : null;
}

const missing = missingForPasst();
const NOBODY = 65534;

describe.skipIf(missing !== null)(skipTitle('a frame stream to passt', missing, true), () => {
  it('resolves the gateway: passt answers ARP', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tsyn-'));
    spawnSync('chmod', ['777', folder]);
    const path = join(folder, 'passt.sock');
    const passt = spawn(
      'passt',
      ['--foreground', '--one-off', '--socket', path, '--address', '10.79.0.15', '--gateway', '10.79.0.2'],
      { stdio: ['ignore', 'ignore', 'pipe'], ...(process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}) },
    );
    let said = '';
    passt.stderr.on('data', (chunk) => {
      said += String(chunk);
    });
    try {
      for (let i = 0; !existsSync(path) && passt.exitCode === null && i < 500; i++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const pool = new PacketPool();
      const link = await connectFrameStream(path, { pool, scheduler }).catch((error) => {
        throw new Error(`${error.message}; passt said: ${said}`);
      });
      const answer = new Promise<ArpPacket>((resolve) => {
        link.attach({
          packet: (packet) => {
            const arp = new ArpPacket();
            if (parseArp(packet.buf, packet.off + 14, packet.len - 14, arp) === 'ok' && arp.operation === ARP_REPLY) {
              resolve(arp);
            }
            pool.give(packet);
          },
          burstEnd: () => {},
        });
      });
      const question = new ArpPacket();
      question.operation = ARP_REQUEST;
      question.senderMac = parseMac('02:00:00:00:00:01')!;
      question.senderAddress = parseAddress('10.79.0.15')!;
      question.targetAddress = parseAddress('10.79.0.2')!;
      const packet = pool.take(100);
      packet.len = writeEthernet(packet.buf, packet.off, BROADCAST_MAC, question.senderMac, ETHERTYPE_ARP);
      packet.len += writeArp(packet.buf, packet.off + packet.len, question);
      expect(packet.len).toBe(14 + ARP_LENGTH);
      link.send(packet);
      expect((await answer).senderAddress).toEqual(question.targetAddress);
      link.close();
    } finally {
      passt.kill();
      if (passt.exitCode === null && passt.signalCode === null) await once(passt, 'close');
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
