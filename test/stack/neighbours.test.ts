import { describe, expect, it } from 'vitest';
import type { PartialConfig } from '../../src/stack/config.ts';
import type { Interface } from '../../src/stack/interface.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { Address, ALL_NODES, solicitedNode } from '../../src/wire/address.ts';
import { ARP_REPLY, ARP_REQUEST } from '../../src/wire/arp.ts';
import { Mac, multicastMac } from '../../src/wire/ethernet.ts';
import { frame } from '../helpers/wire.ts';
import { address, drops, MAC_A, MAC_B, MAC_X, mac, type Raw, World } from './hosts.ts';
import { arpFrame, counting, echoPacket, icmpPacket, ndPacket, udpPacket } from './packets.ts';

const US = address('10.0.0.1');
const PEER = address('10.0.0.2');
const US6 = address('fd00::1');
const PEER6 = address('fd00::2');
const A = mac(MAC_A);
const B = mac(MAC_B);
const X = mac(MAC_X);

function bench(config: PartialConfig = {}): { w: World; a: Stack; ia: Interface; raw: Raw } {
  const w = new World();
  return { w, ...w.victim({ medium: 'ethernet' }, config) };
}

function request(sender: Address, senderMac: Mac, target: Address = US): Uint8Array {
  return arpFrame({ operation: ARP_REQUEST, senderMac, senderAddress: sender, targetAddress: target });
}

function reply(sender: Address, senderMac: Mac): Uint8Array {
  return arpFrame({ operation: ARP_REPLY, senderMac, senderAddress: sender, targetAddress: US, targetMac: A, dst: A });
}

/** 10.0.0.2 becomes a peer in use. */
function acquaint(raw: Raw): void {
  raw.ask(request(PEER, B));
  expect(raw.ask(frame(echoPacket(PEER, US), A, B)).length).toBe(1);
}

function host(n: number): Address {
  return new Address(4, 0, 0, 0xffff, 0x0a000000 + n);
}

function is(type: 'arp' | 'ip'): (f: Uint8Array) => boolean {
  return (f) => (f[12] === 8 && f[13] === 6) === (type === 'arp');
}

describe('ARP', () => {
  it('answers a request for an own address, to its sender alone', () => {
    const { w, raw } = bench();
    const [answer, ...more] = raw.ask(request(PEER, B));
    expect(more).toEqual([]);
    expect(Array.from(answer!.subarray(0, 6))).toEqual([2, 0, 0, 0, 0, 0x0b]);
    expect(w.lines.length).toBe(1);
    w.judge();
  });

  it('announces its addresses to everybody, so that nobody has to ask first', () => {
    const { w, a, ia, raw } = bench();
    const before = raw.received.length;
    ia.announce();
    w.run(0);
    const frames = raw.received.slice(before);
    expect(frames.length).toBe(ia.addresses.length);
    expect(frames.filter(is('arp')).length).toBe(1);
    expect(a.mib.Icmp6OutNeighborAdvertisements).toBe(ia.addresses.length - 1);
    w.judge();
  });

  it('A02: ignores malformed packets, each prefix, wrong lengths, bad senders', () => {
    const { a, ia, raw } = bench();
    const good = request(PEER, B);
    for (let length = 0; length < good.length; length++) raw.send(good.subarray(0, length));
    for (const [at, value] of [
      [14, 9],
      [15, 9],
      [16, 9],
      [18, 0],
      [18, 255],
      [19, 0],
      [19, 255],
      [21, 7],
      [22, 1],
    ] as const) {
      const bad = good.slice();
      bad[at] = value;
      raw.send(bad);
    }
    for (const sender of ['224.0.0.1', '255.255.255.255', '127.0.0.1', '10.0.0.255'])
      raw.send(request(address(sender), B));
    raw.send(request(PEER, new Mac(0, 0)));
    expect(raw.ask(good.subarray(0, 41))).toEqual([]);
    expect(ia.neighbours?.size).toBe(0);
    expect(Object.values(drops(a)).reduce((x, y) => x + y, 0)).toBe(42 + 9 + 4 + 1 + 1);
  });

  it('A03: a flood of strangers does not push out the live peer', () => {
    const { a, ia, raw } = bench();
    acquaint(raw);
    raw.keep = false;
    for (let i = 0; i < 4000; i++) {
      raw.send(request(host(0x100 + i), new Mac(0x0200, 0x1000 + i)));
      if (i % 100 === 0) a.scheduler.runUntil(a.scheduler.now + 1);
    }
    a.scheduler.runUntil(a.scheduler.now);
    expect(ia.neighbours?.size).toBeLessThanOrEqual(a.config.neighbours.maxEntries);
    expect(ia.neighbours?.lookup(PEER)).not.toBeNull();
    const asked = a.mib.ArpOutRequests;
    raw.keep = true;
    expect(raw.ask(frame(echoPacket(PEER, US), A, B)).length).toBe(1);
    expect(a.mib.ArpOutRequests).toBe(asked);
  });

  it('A03: strangers that are on our network by prefix fill the cache to its cap and no further', () => {
    const w = new World();
    w.log = false;
    const { a, ia, raw } = w.victim({ medium: 'ethernet' });
    ia.addAddress('10.9.0.1/16');
    acquaint(raw);
    raw.keep = false;
    const us = address('10.9.0.1');
    for (let i = 0; i < 20_000; i++) {
      raw.send(request(new Address(4, 0, 0, 0xffff, 0x0a090100 + i), new Mac(0x0200, 0x1000 + i), us));
      if (i % 1000 === 999) w.run(1);
    }
    w.run(0);
    expect(ia.neighbours?.size).toBe(a.config.neighbours.maxEntries);
    expect(a.mib.NeighbourEvictions).toBe(20_001 - 512);
    expect(ia.neighbours?.lookup(PEER)).not.toBeNull(); // the only one that something was sent to
  });

  it('A04: a reply that nobody asked for makes no entry', () => {
    const { a, ia, raw } = bench();
    expect(raw.ask(reply(PEER, X))).toEqual([]);
    expect(ia.neighbours?.size).toBe(0);
    expect(a.mib.drops['arp-unsolicited']).toBe(1);
  });

  it('A04: a reply that nobody asked for changes no entry; we ask the address we know', () => {
    const { w, ia, raw } = bench();
    acquaint(raw);
    w.run(100);
    const questions = raw.ask(reply(PEER, X)).filter(is('arp'));
    expect(questions.length).toBe(1);
    expect(Array.from(questions[0]!.subarray(0, 6))).toEqual([2, 0, 0, 0, 0, 0x0b]);
    for (let i = 0; i < 10; i++) raw.ask(reply(PEER, X));
    const [echo] = raw.ask(frame(echoPacket(PEER, US), A, B)).filter(is('ip'));
    expect(echo?.[5]).toBe(0x0b);
    raw.ask(reply(PEER, B));
    expect(ia.neighbours?.lookup(PEER)?.state).toBe('reachable');
    w.judge();
  });

  it('A04: the owner is believed when it asks itself', () => {
    const { raw } = bench();
    raw.ask(request(PEER, X));
    raw.ask(request(PEER, B));
    const [echo] = raw.ask(frame(echoPacket(PEER, US), A, B)).filter(is('ip'));
    expect(echo?.[5]).toBe(0x0b);
  });

  it('A05: keeps its address and defends it once in ten seconds', () => {
    const { w, a, ia, raw } = bench();
    for (let i = 0; i < 60; i++) {
      raw.send(request(US, X, US));
      raw.send(reply(US, X));
      w.run(500);
    }
    expect(raw.received.length).toBe(3);
    expect(a.mib.ArpDefences).toBe(3);
    expect(a.mib.ArpConflicts).toBe(120);
    expect(ia.neighbours?.lookup(US)).toBeNull();
    w.judge();
  });

  it('answers a probe for its address without remembering anyone (RFC 5227 2.1.1)', () => {
    const { ia, raw } = bench();
    expect(raw.ask(request(address('0.0.0.0'), X)).length).toBe(1);
    expect(ia.neighbours?.size).toBe(0);
  });

  it('A06: bounds what waits for resolutions, in packets and octets, and drops the oldest', () => {
    const { w, a, ia, raw } = bench();
    ia.addAddress('10.9.0.1/16');
    w.log = false;
    raw.keep = false;
    const socket = a.openUdp();
    let most = 0;
    for (let i = 0; i < 10_000; i++) {
      socket.send(counting(1000), { address: `10.9.${(i % 10_000) >> 8}.${i & 255 || 1}`, port: 9 });
      most = Math.max(most, ia.neighbours!.pendingBytes);
      expect(ia.neighbours!.incomplete).toBeLessThanOrEqual(64);
      if (i % 500 === 0) w.run(10);
    }
    expect(most).toBeLessThanOrEqual(a.config.neighbours.maxPendingBytes);
    expect(w.scheduler.size).toBeLessThan(5);
    w.run(10_000);
    expect(ia.neighbours!.incomplete).toBe(0);
    expect(ia.neighbours!.pendingBytes).toBe(0);
    expect(a.mib.drops['neighbour-cache-full']).toBeGreaterThan(9000);
    expect(a.mib.NeighbourFailures).toBeGreaterThan(0);
  });

  it('A07: asks for one address at most once a second, even as attempts fail and begin anew', () => {
    const { w, a, raw } = bench();
    const socket = a.openUdp();
    const times: number[] = [];
    for (let i = 0; i < 1000; i++) {
      socket.send(counting(10), { address: '10.0.0.77', port: 9 });
      w.run(0);
      while (times.length < raw.received.length) times.push(w.scheduler.now);
      w.run(10);
      while (times.length < raw.received.length) times.push(w.scheduler.now);
    }
    expect(times.length).toBe(11); // at 0 s, 1 s, ... 10 s
    for (let i = 1; i < times.length; i++) expect(times[i]! - times[i - 1]!).toBeGreaterThanOrEqual(1000);
  });

  it('A07: asks no more often for an address whose entry gave way to others meanwhile', () => {
    const { w, a, raw } = bench({ neighbours: { maxIncomplete: 4 } });
    const socket = a.openUdp();
    for (let i = 0; i < 200; i++) {
      socket.send(counting(10), { address: `10.0.0.${70 + (i % 8)}`, port: 9 });
      w.run(10);
    }
    const questions = new Map<number, number>();
    for (const f of raw.received) questions.set(f[41]!, (questions.get(f[41]!) ?? 0) + 1);
    expect(a.mib.NeighbourEvictions).toBeGreaterThan(100);
    expect(questions.size).toBe(8);
    for (const count of questions.values()) expect(count).toBeLessThanOrEqual(2);
  });

  it('A06: keeps the newest packets for one address', () => {
    const { w, a, raw } = bench();
    const socket = a.openUdp();
    for (let i = 0; i < 100; i++) socket.send(new Uint8Array([i]), { address: '10.0.0.2', port: 9 });
    w.run(0);
    const sent = raw.ask(reply(PEER, B)).filter(is('ip'));
    expect(sent.map((f) => f[42])).toEqual(Array.from({ length: 64 }, (_, i) => 36 + i));
    expect(a.mib.drops['neighbour-queue-full']).toBe(36);
  });

  it('sends what waited when the answer comes, in order', () => {
    const { w, a, raw } = bench();
    const socket = a.openUdp();
    for (let i = 0; i < 5; i++) socket.send(new Uint8Array([i]), { address: '10.0.0.2', port: 9 });
    w.run(100);
    const sent = raw.ask(reply(PEER, B)).filter(is('ip'));
    expect(sent.map((f) => f[42])).toEqual([0, 1, 2, 3, 4]);
    w.judge();
  });

  it('probes a neighbour that went quiet and forgets it when it does not answer (RFC 4861 7.3)', () => {
    const { w, a, ia, raw } = bench();
    const socket = a.openUdp();
    const to = { address: '10.0.0.2', port: 9 };
    socket.send(counting(1), to);
    w.run(0);
    raw.ask(reply(PEER, B));
    const entry = ia.neighbours!.lookup(PEER)!;
    expect(entry.state).toBe('reachable');
    w.run(46_000);
    socket.send(counting(1), to);
    expect(entry.state).toBe('delay');
    raw.received.length = 0;
    w.run(4999);
    expect(raw.received.filter(is('arp'))).toEqual([]);
    w.run(1);
    expect(entry.state).toBe('probe');
    w.run(0);
    const [probe] = raw.received.filter(is('arp'));
    expect(probe?.[5]).toBe(0x0b); // to the neighbour alone
    w.run(2999);
    expect(a.mib.ArpOutRequests).toBe(1 + 3);
    w.run(1);
    expect(entry.state).toBe('gone');
    // The path finds a new entry by itself.
    raw.received.length = 0;
    socket.send(counting(1), to);
    w.run(999);
    expect(raw.received.filter(is('arp')).length).toBe(1);
    expect(ia.neighbours!.lookup(PEER)?.state).toBe('incomplete');
    w.judge();
  });

  it('does not probe while upper layers confirm', () => {
    const { w, a, ia, raw } = bench();
    const socket = a.openUdp();
    socket.send(counting(1), { address: '10.0.0.2', port: 9 });
    w.run(0);
    raw.ask(reply(PEER, B));
    const path = a.ip.pathTo(PEER, null);
    if (typeof path === 'string') throw new Error(path);
    for (let i = 0; i < 20; i++) {
      w.run(10_000);
      socket.send(counting(1), { address: '10.0.0.2', port: 9 });
      a.paths.confirm(path);
    }
    expect(a.mib.ArpOutRequests).toBe(1);
    expect(ia.neighbours!.lookup(PEER)?.state).toBe('reachable');
  });

  it('forgets idle neighbours and then has no deadline', () => {
    const { w, ia, raw } = bench();
    acquaint(raw);
    w.run(1_300_000);
    expect(ia.neighbours!.size).toBe(0);
    expect(w.scheduler.size).toBe(0);
  });
});

describe('Neighbor Discovery', () => {
  const NS = 135;
  const NA = 136;
  const solicitation = (src: Address, dst: Address, target: Address, source: Mac | null, hopLimit = 255): Uint8Array =>
    frame(
      ndPacket(src, dst, hopLimit, (m) => {
        m.type = NS;
        m.target = target;
        if (source !== null) {
          m.hasSourceMac = true;
          m.sourceMac = source;
        }
      }),
      multicastMac(solicitedNode(US6)),
      B,
    );
  const advertisement = (target: Address, of: Mac, solicited: boolean, override: boolean, hopLimit = 255): Uint8Array =>
    frame(
      ndPacket(target, US6, hopLimit, (m) => {
        m.type = NA;
        m.target = target;
        m.solicited = solicited;
        m.override = override;
        m.hasTargetMac = true;
        m.targetMac = of;
      }),
      A,
      B,
    );

  it('answers a solicitation for an own address, solicited and with its hardware address', () => {
    const { w, ia, raw } = bench();
    const [answer] = raw.ask(solicitation(PEER6, solicitedNode(US6), US6, B));
    expect(answer?.[54]).toBe(NA);
    expect(answer![58]! & 0xe0).toBe(0x60);
    expect(ia.neighbours!.lookup(PEER6)?.state).toBe('stale');
    w.judge();
  });

  it('answers duplicate address detection to all nodes', () => {
    const { w, ia, raw } = bench();
    const [answer] = raw.ask(solicitation(address('::'), solicitedNode(US6), US6, null));
    expect(answer?.subarray(38, 54)).toEqual(Uint8Array.from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]));
    expect(answer![58]! & 0x40).toBe(0);
    expect(ia.neighbours!.size).toBe(0);
    w.judge();
  });

  it('J03: drops malformed messages and learns nothing from them', () => {
    const { a, ia, raw } = bench();
    const good = solicitation(PEER6, solicitedNode(US6), US6, B);
    const zero = good.slice();
    zero[79] = 0; // option length
    fixIcmp(zero);
    const target = solicitation(PEER6, solicitedNode(US6), ALL_NODES, B);
    for (const bad of [solicitation(PEER6, solicitedNode(US6), US6, B, 254), zero, target])
      expect(raw.ask(bad)).toEqual([]);
    for (let length = 14; length < good.length; length++) raw.send(good.subarray(0, length));
    expect(raw.ask(solicitation(PEER6, solicitedNode(US6), US6, new Mac(0x0100, 1)))).toEqual([]);
    expect(ia.neighbours!.size).toBe(0);
    expect(a.mib.drops['nd-hop-limit']).toBe(1);
    expect(a.mib.drops['nd-malformed']).toBe(3);
  });

  it('J02: ignores Neighbor Discovery with a fragment header (RFC 6980)', () => {
    const { a, ia, raw } = bench();
    const plain = solicitation(PEER6, solicitedNode(US6), US6, B).subarray(14);
    const packet = new Uint8Array(plain.length + 8);
    packet.set(plain.subarray(0, 40));
    packet.set(plain.subarray(40), 48);
    packet[5] = plain.length - 40 + 8;
    packet[6] = 44;
    packet[40] = 58;
    expect(raw.ask(frame(packet, A, B))).toEqual([]);
    expect(a.mib.drops['nd-fragmented']).toBe(1);
    expect(ia.neighbours!.size).toBe(0);
  });

  it('makes no entry from an advertisement that nobody asked for', () => {
    const { a, ia, raw } = bench();
    raw.ask(advertisement(PEER6, X, true, true));
    expect(ia.neighbours!.size).toBe(0);
    expect(a.mib.drops['nd-unsolicited']).toBe(1);
  });

  it('keeps what it knows where an advertisement does not override (RFC 4861 7.2.5)', () => {
    const { ia, raw } = bench();
    raw.ask(solicitation(PEER6, solicitedNode(US6), US6, B));
    raw.ask(advertisement(PEER6, X, false, false));
    expect(ia.neighbours!.lookup(PEER6)?.mac).toMatchObject({ hi: B.hi, lo: B.lo });
    raw.ask(advertisement(PEER6, X, false, true));
    expect(ia.neighbours!.lookup(PEER6)).toMatchObject({ state: 'stale', mac: { hi: X.hi, lo: X.lo } });
  });

  it('J04: bounds resolutions of on-link addresses that never answer, and keeps the peers', () => {
    const { w, a, ia, raw } = bench();
    w.log = false;
    raw.ask(solicitation(PEER6, solicitedNode(US6), US6, B));
    raw.ask(frame(echoPacket(PEER6, US6), A, B));
    raw.keep = false;
    for (let i = 0; i < 3000; i++) {
      const stranger = new Address(6, 0xfd000000, 0, 1, i);
      raw.send(frame(udpPacket(stranger, US6, 7, 9, counting(8)), A, B));
      raw.send(frame(echoPacket(stranger, US6), A, B));
      if (i % 10 === 0) w.run(10);
      expect(ia.neighbours!.incomplete).toBeLessThanOrEqual(64);
    }
    expect(ia.neighbours!.size).toBeLessThanOrEqual(512);
    expect(a.mib.Icmp6OutNeighborSolicits).toBeLessThanOrEqual(200 * 4 + 200);
    raw.keep = true;
    expect(raw.ask(frame(echoPacket(PEER6, US6), A, B)).filter((f) => f[54] === 129).length).toBe(1);
    w.judge();
  });

  it('J05: ignores and counts router advertisements and redirects', () => {
    const { a, ia, raw } = bench();
    const router = address('fe80::1');
    for (let i = 0; i < 100; i++) {
      const ra = ndPacket(router, ALL_NODES, 255, (m) => {
        m.type = 134;
        m.routerLifetime = 9000;
        m.mtu = 100 + i;
      });
      raw.send(frame(ra, multicastMac(ALL_NODES), B));
    }
    raw.send(frame(icmpPacket(router, US6, 137, 0, 0, counting(32)), A, B));
    a.scheduler.runUntil(a.scheduler.now);
    expect(a.mib.Icmp6InRouterAdvertisements).toBe(100);
    expect(a.mib.Icmp6InRedirects).toBe(1);
    expect(a.mib.drops['nd-ignored']).toBe(101);
    expect(a.routes()).toEqual([]);
    expect(ia.addresses.length).toBe(3);
    expect(ia.neighbours!.size).toBe(0);
    expect(ia.mtu).toBe(1500);
  });
});

/** Makes the ICMPv6 checksum of a frame right again. */
function fixIcmp(bytes: Uint8Array): void {
  bytes[56] = 0;
  bytes[57] = 0;
  let total = 58 + (bytes.length - 54);
  for (let at = 22; at < bytes.length; at += 2) total += (bytes[at]! << 8) | (bytes[at + 1] ?? 0);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  const value = ~total & 0xffff;
  bytes[56] = value >> 8;
  bytes[57] = value;
}
