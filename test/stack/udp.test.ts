import { describe, expect, it } from 'vitest';
import type { TsynError } from '../../src/stack/errors.ts';
import type { UdpMessage, UdpSocket } from '../../src/stack/udp-socket.ts';
import { formatAddress } from '../../src/wire/address.ts';
import { writeU16 } from '../../src/wire/bytes.ts';
import { ipPacket } from '../helpers/wire.ts';
import { address, drops, World } from './hosts.ts';
import { counting, icmpPacket, udpPacket } from './packets.ts';

const US = address('10.0.0.1');
const PEER = address('10.0.0.2');
const US6 = address('fd00::1');
const PEER6 = address('fd00::2');

function collect(socket: UdpSocket): UdpMessage[] {
  const messages: UdpMessage[] = [];
  socket.onMessage = (m): void => {
    messages.push(m);
  };
  return messages;
}

function code(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as TsynError).code;
  }
  return 'none';
}

describe('UDP', () => {
  it.each(['10.0.0.2', 'fd00::2'])('carries datagrams both ways with %s', (target) => {
    const w = new World();
    const { a, b } = w.pair();
    const server = b.openUdp();
    server.bind({ port: 53 });
    server.onMessage = (m): void => {
      server.send(Uint8Array.from([...m.data, 99]), { address: formatAddress(m.remote), port: m.port });
    };
    const client = a.openUdp();
    const got = collect(client);
    client.send(Uint8Array.from([1, 2]), { address: target, port: 53 });
    w.run(0);
    expect(got.length).toBe(1);
    expect(Array.from(got[0]!.data)).toEqual([1, 2, 99]);
    expect(got[0]).toMatchObject({ port: 53 });
    expect(client.port).toBeGreaterThanOrEqual(49_152);
    expect([a.mib.UdpOutDatagrams, a.mib.UdpInDatagrams, b.mib.UdpInDatagrams]).toEqual([1, 1, 1]);
    w.judge();
  });

  it('needs no checksum where the link spares it, and puts it right where the packet goes on', () => {
    const w = new World();
    const { a, b } = w.pair({ offload: { checksum: true, segmentation: 0 } });
    const server = b.openUdp();
    server.bind({ port: 53 });
    const got = collect(server);
    const client = a.openUdp();
    for (const to of ['10.0.0.2', 'fd00::2']) client.send(counting(100), { address: to, port: 53 });
    client.send(counting(4000), { address: 'fd00::2', port: 53 });
    w.run(0);
    expect(got.map((m) => m.data.length)).toEqual([100, 100, 4000]);
    expect(drops(b)).toEqual({});
    w.judge();
  });

  it('reaches the host itself', () => {
    const w = new World();
    const { a } = w.pair();
    const server = a.openUdp();
    server.bind({ port: 53, address: '127.0.0.1' });
    const got = collect(server);
    a.openUdp().send(counting(3), { address: '127.0.0.1', port: 53 });
    a.openUdp().send(counting(3), { address: '10.0.0.1', port: 53 });
    w.run(0);
    expect(got.map((m) => formatAddress(m.remote))).toEqual(['127.0.0.1']);
  });

  it('answers a closed port with port unreachable, which a connected socket hears as ECONNREFUSED', () => {
    const w = new World();
    const { a, b } = w.pair();
    for (const target of ['10.0.0.2', 'fd00::2']) {
      const client = a.openUdp();
      const errors: TsynError[] = [];
      client.onError = (e): void => {
        errors.push(e);
      };
      client.connect({ address: target, port: 9 });
      client.send(counting(5));
      w.run(0);
      expect(errors.map((e) => [e.code, e.address, e.port])).toEqual([['ECONNREFUSED', target, 9]]);
    }
    expect(b.mib.UdpNoPorts).toBe(2);
    expect(b.mib.drops['udp-no-port']).toBe(2);
    w.judge();
  });

  it('does not pass errors to sockets that did not send what is quoted', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const client = a.openUdp();
    const errors: string[] = [];
    client.onError = (e): void => {
      errors.push(e.code);
    };
    client.bind({ port: 1000 });
    client.connect({ address: '10.0.0.2', port: 9 });
    for (const quote of [
      udpPacket(US, PEER, 1001, 9, counting(8)),
      udpPacket(US, PEER, 1000, 10, counting(8)),
      udpPacket(US, address('10.0.0.3'), 1000, 9, counting(8)),
    ]) {
      raw.ask(icmpPacket(PEER, US, 3, 3, 0, quote));
    }
    expect(errors).toEqual([]);
    for (const [type, c] of [
      [3, 0],
      [3, 1],
      [11, 0],
      [3, 3],
    ] as const)
      raw.ask(icmpPacket(PEER, US, type, c, 0, udpPacket(US, PEER, 1000, 9, counting(8))));
    expect(errors).toEqual(['ENETUNREACH', 'EHOSTUNREACH', 'EHOSTUNREACH', 'ECONNREFUSED']);
  });

  it('lowers the path MTU for a packet too big about what a socket sent, and for nothing else', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const path = a.ip.pathTo(PEER6, null);
    if (typeof path === 'string') throw new Error(path);
    raw.ask(icmpPacket(PEER6, US6, 2, 0, 1300, udpPacket(US6, PEER6, 1000, 9, counting(8))));
    expect(path.mtu).toBe(1500);
    const client = a.openUdp();
    client.bind({ port: 1000 });
    client.send(counting(1400), { address: 'fd00::2', port: 9 });
    raw.ask(icmpPacket(PEER6, US6, 2, 0, 1300, udpPacket(US6, PEER6, 1000, 9, counting(8))));
    expect(path.mtu).toBe(1300);
    raw.received.length = 0;
    client.send(counting(1400), { address: 'fd00::2', port: 9 });
    w.run(0);
    expect(raw.received.map((p) => p.length)).toEqual([1296, 208]);
    w.judge();
  });

  it('D09: lengths, ports and checksums that cannot be are dropped without an ICMP error', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const socket = a.openUdp();
    socket.bind({ port: 9 });
    const got = collect(socket);
    const make = (change: (d: Uint8Array) => void, src = PEER, dst = US): Uint8Array => {
      const packet = udpPacket(src, dst, 7, 9, counting(8));
      change(packet.subarray(src.family === 4 ? 20 : 40));
      return packet;
    };
    for (const length of [0, 1, 7, 17, 65_535]) expect(raw.ask(make((d) => writeU16(d, 4, length)))).toEqual([]);
    expect(raw.ask(make((d) => writeU16(d, 6, 1)))).toEqual([]);
    expect(raw.ask(make((d) => writeU16(d, 6, 0), PEER6, US6))).toEqual([]);
    expect(raw.ask(udpPacket(PEER, US, 0, 9, counting(8)))).toEqual([]);
    expect(raw.ask(udpPacket(PEER, US, 7, 0, counting(8)))).toEqual([]);
    for (let length = 0; length < 8; length++) expect(raw.ask(ipPacket(PEER, US, 17, counting(length)))).toEqual([]);
    expect(got).toEqual([]);
    expect(a.mib.UdpInErrors).toBe(5 + 4 + 8);
    raw.ask(make((d) => writeU16(d, 6, 0))); // IPv4 allows none
    expect(got.length).toBe(1);
  });

  it('takes a datagram shorter than its packet by its own length', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const socket = a.openUdp();
    socket.bind({ port: 9 });
    const got = collect(socket);
    const packet = udpPacket(PEER, US, 7, 9, counting(3));
    const longer = new Uint8Array(40);
    longer.set(packet);
    raw.ask(ipPacket(PEER, US, 17, longer.subarray(20)).map((v, i) => (i === 26 || i === 27 ? packet[i]! : v)));
    expect(got.map((m) => Array.from(m.data))).toEqual([Array.from(counting(3))]);
  });

  it('D10: a socket nobody reads holds no more than its buffer, and the drops are counted', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const socket = a.openUdp({ receiveBuffer: 32_768 });
    socket.bind({ port: 9 });
    for (let i = 0; i < 20_000; i++) {
      raw.send(udpPacket(PEER, US, 7, 9, counting(i % 64)));
      if (i % 500 === 499) w.run(0);
    }
    w.run(0);
    expect(socket.queuedBytes).toBeLessThanOrEqual(32_768);
    expect(a.mib.drops['udp-queue-full']).toBeGreaterThan(19_000);
    expect(a.mib.UdpRcvbufErrors).toBe(a.mib.drops['udp-queue-full']);
    let read = 0;
    while (socket.receive() !== null) read++;
    expect(read + a.mib.UdpRcvbufErrors).toBe(20_000);
    expect(socket.queuedBytes).toBe(0);
  });

  it('sends broadcasts only where that was asked for, to all sockets of the port', () => {
    const w = new World();
    const { a, b } = w.pair({ medium: 'ethernet' });
    const heard = ['10.0.0.2', '127.0.0.1'].map((local) => {
      const socket = b.openUdp();
      socket.bind({ port: 68, address: local });
      return collect(socket);
    });
    const quiet = a.openUdp();
    expect(code(() => quiet.send(counting(1), { address: '10.0.0.255', port: 68 }))).toBe('EACCES');
    expect(code(() => quiet.send(counting(1), { address: '255.255.255.255', port: 68 }))).toBe('EACCES');
    const loud = a.openUdp({ broadcast: true });
    loud.send(counting(1), { address: '10.0.0.255', port: 68 });
    loud.send(counting(2), { address: '255.255.255.255', port: 68 });
    loud.send(counting(3), { address: '224.0.0.1', port: 68 });
    w.run(0);
    expect(heard.map((m) => m.map((x) => x.data.length))).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(a.mib.ArpOutRequests).toBe(0);
    w.judge();
  });

  it('prefers the connected socket, then the one bound to the address', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const any = a.openUdp();
    any.bind({ port: 9, address: '10.0.0.1' });
    const six = a.openUdp({ family: 6 });
    six.bind({ port: 9 });
    const [gotAny, gotSix] = [collect(any), collect(six)];
    raw.ask(udpPacket(PEER, US, 7, 9, counting(1)));
    raw.ask(udpPacket(PEER6, US6, 7, 9, counting(2)));
    expect([gotAny.length, gotSix.length]).toEqual([1, 1]);
    six.connect({ address: 'fd00::2', port: 8 });
    raw.ask(udpPacket(PEER6, US6, 7, 9, counting(2)));
    raw.ask(udpPacket(PEER6, US6, 8, 9, counting(2)));
    expect(gotSix.length).toBe(2);
  });

  it('says why a call will not do', () => {
    const w = new World();
    const { a } = w.pair();
    const bound = a.openUdp();
    bound.bind({ port: 5000 });
    expect(code(() => bound.bind({ port: 5001 }))).toBe('EINVAL');
    const other = a.openUdp();
    expect(code(() => other.bind({ port: 5000, address: '10.0.0.1' }))).toBe('EADDRINUSE');
    expect(code(() => other.bind({ port: 5001, address: '10.0.0.9' }))).toBe('EADDRNOTAVAIL');
    expect(code(() => other.bind({ port: 70_000 }))).toBe('ERR_INVALID_ARG_VALUE');
    expect(code(() => other.bind({ address: 'localhost' }))).toBe('ERR_INVALID_ARG_VALUE');
    expect(code(() => other.send(counting(1)))).toBe('EDESTADDRREQ');
    expect(code(() => other.send(counting(1), { address: '192.0.2.1', port: 1 }))).toBe('ENETUNREACH');
    expect(code(() => other.send(counting(1), { address: '10.0.0.2', port: 0 }))).toBe('ERR_INVALID_ARG_VALUE');
    expect(code(() => other.send(new Uint8Array(65_508), { address: '10.0.0.2', port: 1 }))).toBe('EMSGSIZE');
    other.connect({ address: '10.0.0.2', port: 1 });
    expect(code(() => other.send(counting(1), { address: '10.0.0.2', port: 2 }))).toBe('EISCONN');
    other.close();
    other.close();
    expect(code(() => other.send(counting(1)))).toBe('EBADF');
    bound.close();
    a.openUdp().bind({ port: 5000 });
    expect(code(() => a.openUdp({ family: 5 as 4 }))).toBe('ERR_INVALID_ARG_VALUE');
    expect(code(() => a.openUdp({ receiveBuffer: 1 }))).toBe('ERR_INVALID_ARG_VALUE');
  });

  it('bounds the sockets', () => {
    const w = new World();
    const { a } = w.pair({}, { udp: { maxSockets: 3 } });
    const sockets = [a.openUdp(), a.openUdp(), a.openUdp()];
    expect(code(() => a.openUdp())).toBe('ENOSPC');
    sockets[0]!.close();
    a.openUdp();
  });
});
