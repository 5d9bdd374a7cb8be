import { afterEach, beforeEach, expect, it } from 'vitest';
import { createPipe, Packet, tap } from '../../src/link/index.ts';
import { type CapturedPacket, CaptureReader, ipPacketOf } from '../../src/trace/index.ts';
import { CaptureStream, createStack, WebDriver, type WebStack } from '../../src/web/index.ts';
import { transportChecksum } from '../../src/wire/checksum.ts';
import { Ipv4Header, parseIpv4 } from '../../src/wire/ipv4.ts';
import { say, text } from './pair.ts';

let driver: WebDriver;
let stacks: WebStack[];
beforeEach(() => {
  driver = new WebDriver();
  stacks = [];
});
afterEach(async () => {
  for (const stack of stacks) await stack.close();
  driver.close();
});

/** The packets of a capture in a stream, copied. */
async function packetsOf(readable: ReadableStream<Uint8Array>): Promise<CapturedPacket[]> {
  const packets: CapturedPacket[] = [];
  const reader = new CaptureReader((packet) => packets.push(packet.copy()));
  await readable.pipeTo(new WritableStream({ write: (chunk) => reader.push(chunk), close: () => reader.end() }));
  return packets;
}

function packet(length: number): Packet {
  const made = new Packet(length + 32);
  made.len = length;
  return made;
}

it('is everything that passes on a tapped link, with good checksums, while it passes', async () => {
  const capture = new CaptureStream();
  const ends = createPipe(driver.scheduler, driver.pool);
  const [a, b] = ['a', 'b'].map((name, i) => {
    const stack = createStack({ name, driver });
    const inner = ends[i]!;
    const link = i === 0 ? tap(inner, driver.scheduler, capture.port('eth0', inner.medium)) : inner;
    stack.core.addInterface({ link, addresses: [`10.0.0.${i + 1}/24`] });
    stacks.push(stack);
    return stack;
  }) as [WebStack, WebStack];
  const read = packetsOf(capture.readable);
  const listener = b.listen({ port: 80 });
  const client = a.connect({ hostname: '10.0.0.2', port: 80 });
  const server = await listener.accept();
  const said = say(client, 'words '.repeat(5000));
  const heard = text(server.readable);
  await said;
  expect(await heard).toBe('words '.repeat(5000));
  await server.close();
  await client.closed;
  await listener.close();
  capture.close();
  capture.close();

  const packets = await read;
  expect(packets.length).toBe(capture.packets);
  expect(capture.dropped).toBe(0);
  const header = new Ipv4Header();
  const flags = packets.map((one) => {
    const ip = ipPacketOf(one)!;
    expect(parseIpv4(ip, null, 0, ip.length, header)).toBe('ok');
    const { headerLength, payloadLength, protocol, src, dst } = header;
    expect(transportChecksum(ip, null, headerLength, payloadLength, protocol, src, dst)).toBe(0);
    return [one.direction, ip[headerLength + 13]];
  });
  const [SYN, ACK, FIN] = [2, 16, 1];
  expect(flags.slice(0, 3)).toEqual([
    ['outbound', SYN],
    ['inbound', SYN | ACK],
    ['outbound', ACK],
  ]);
  for (const way of ['inbound', 'outbound'])
    expect(flags.filter(([direction, bits]) => direction === way && Number(bits) & FIN)).toHaveLength(1);
});

it('loses packets and counts them while its reader is slow', async () => {
  const capture = new CaptureStream({ buffer: 5000, epoch: 0 });
  const port = capture.port('a', 'ip');
  for (let i = 1; i <= 10; i++) port('send', i, packet(1000));
  expect(capture).toMatchObject({ packets: 5, dropped: 5 });
  const reader = capture.readable.getReader();
  for (let i = 0; i < 4; i++) await reader.read();
  port('send', 11, packet(1000));
  expect(capture).toMatchObject({ packets: 6, dropped: 5 });
  capture.close();
  port('send', 12, packet(1000));
  expect(capture).toMatchObject({ packets: 6, dropped: 6 });
});

it('loses packets when its reader has gone', async () => {
  const capture = new CaptureStream();
  const port = capture.port('a', 'ip');
  port('send', 1, packet(10));
  await capture.readable.cancel();
  port('send', 2, packet(10));
  capture.port('b', 'ip')('send', 2, packet(10));
  expect(capture).toMatchObject({ packets: 1, dropped: 2 });
  capture.close();
});
