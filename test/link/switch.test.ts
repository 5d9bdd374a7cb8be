import { describe, expect, test } from 'vitest';
import { MacTable } from '../../src/link/mac-table.ts';
import { createSwitch, type EthernetSwitch, type SwitchOptions, type SwitchPort } from '../../src/link/switch.ts';
import { BROADCAST_MAC, Mac, parseMac, writeEthernet } from '../../src/wire/ethernet.ts';
import { Recorder, type World, world } from '../helpers/links.ts';

const A = new Mac(0x0200, 0xa);
const B = new Mac(0x0200, 0xb);
const C = new Mac(0x0200, 0xc);
const GROUP = parseMac('33:33:00:00:00:01')!;

interface Lan extends World {
  readonly lan: EthernetSwitch;
  readonly ports: readonly SwitchPort[];
  /** Who received how many frames since the last call. */
  heard(): number[];
  say(port: number, src: Mac, dst: Mac, size?: number): void;
}

function lan(count: number, options: SwitchOptions = {}): Lan {
  const w = world();
  const lan = createSwitch(w.scheduler, w.pool, options);
  const ports = Array.from({ length: count }, () => lan.addPort());
  const recorders = ports.map((port) => new Recorder(w, port));
  return {
    ...w,
    lan,
    ports,
    heard() {
      w.scheduler.runUntil(w.scheduler.now);
      return recorders.map((recorder) => recorder.packets.splice(0).length);
    },
    say(port, src, dst, size = 60) {
      const packet = w.pool.take(size);
      packet.len = size;
      writeEthernet(packet.buf, packet.off, dst, src, 0x0800);
      ports[port]!.send(packet);
    },
  };
}

describe('a switch', () => {
  test('floods to an unknown address, and learns from every frame where its sender is', () => {
    const { lan: l, say, heard, pool } = lan(3);
    say(0, A, B);
    expect(heard()).toEqual([0, 1, 1]);
    say(1, B, A);
    expect(heard()).toEqual([1, 0, 0]);
    say(0, A, B);
    expect(heard()).toEqual([0, 1, 0]);
    expect([l.flooded, pool.out]).toEqual([1, 0]);
  });

  test('floods broadcast and multicast to all other ports, always', () => {
    const { say, heard } = lan(3);
    say(0, A, BROADCAST_MAC);
    say(0, A, GROUP);
    say(0, A, BROADCAST_MAC);
    expect(heard()).toEqual([0, 3, 3]);
  });

  test('drops a frame whose destination is on the port it came by', () => {
    const { say, heard, pool } = lan(3);
    say(0, B, A);
    heard();
    say(0, A, B);
    expect([heard(), pool.out]).toEqual([[0, 0, 0], 0]);
  });

  test('follows a station that moves', () => {
    const { say, heard } = lan(3);
    say(1, B, A);
    heard();
    say(2, B, A);
    heard();
    say(0, A, B);
    expect(heard()).toEqual([0, 0, 1]);
  });

  test('does not learn a group address', () => {
    const { lan: l, say, heard, scheduler } = lan(3);
    say(1, GROUP, A);
    heard();
    expect(l.addresses.size(scheduler.now)).toBe(0);
  });

  test('forgets an address not heard for its age', () => {
    const { scheduler, say, heard } = lan(3, { addressAge: 1000 });
    say(1, B, A);
    heard();
    scheduler.runUntil(1000);
    say(0, A, B);
    expect(heard()).toEqual([0, 1, 0]);
    scheduler.runUntil(1001);
    say(0, A, B);
    expect(heard()).toEqual([0, 1, 1]);
  });

  test('a flood of addresses costs it no memory and does not stop it', () => {
    const { lan: l, say, heard, scheduler, pool } = lan(3, { addressLimit: 64, queueLimit: 4 });
    for (let i = 0; i < 5000; i++) say(0, new Mac(0x0200, i), A);
    heard();
    expect(l.addresses.limit).toBe(64);
    expect(l.addresses.size(scheduler.now)).toBeLessThanOrEqual(64);
    say(1, B, C);
    heard();
    say(0, A, B);
    expect([heard(), pool.out]).toEqual([[0, 1, 0], 0]);
  });

  test('drops runts, and frames beyond the MTU', () => {
    const { ports, pool, say, heard } = lan(2, { mtu: 1000 });
    for (let n = 0; n < 14; n++) {
      const runt = pool.take(n);
      runt.len = n;
      ports[0]!.send(runt);
    }
    say(0, A, B, 1015);
    say(0, A, B, 1014);
    expect(heard()).toEqual([0, 1]);
    expect(ports[0]!.counters).toMatchObject({ sent: 16, undelivered: 14, oversized: 1 });
    expect(pool.out).toBe(0);
  });

  test('a closed port is forgotten, and what it sends goes nowhere', () => {
    const { ports, say, heard, pool } = lan(3);
    say(1, B, A);
    heard();
    ports[1]!.close();
    ports[1]!.close();
    say(0, A, B);
    expect(heard()).toEqual([0, 0, 1]);
    say(1, B, A);
    expect([heard(), pool.out]).toEqual([[0, 0, 0], 0]);
  });

  test('never sends from within a send', () => {
    const { scheduler, say } = lan(2);
    say(0, A, B);
    expect(scheduler.size).toBe(1);
  });

  test('a full egress queue drops the newest and counts it', () => {
    const { ports, say, heard, pool } = lan(2, { queueLimit: 2 });
    for (let i = 0; i < 5; i++) say(0, A, BROADCAST_MAC);
    expect([heard(), ports[1]!.counters.overflowed, pool.out]).toEqual([[0, 2], 3, 0]);
  });
});

describe('a table of hardware addresses', () => {
  test('of addresses that share a set, the one heard longest ago makes room', () => {
    const table = new MacTable(4, 1000);
    for (let i = 0; i < 4; i++) table.learn(1, i, i, i);
    table.learn(1, 0, 0, 10);
    table.learn(1, 9, 9, 11);
    expect([0, 1, 2, 3, 9].map((lo) => table.find(1, lo, 11))).toEqual([0, -1, 2, 3, 9]);
    expect(table.size(11)).toBe(4);
  });
});
