import { expect, it } from 'vitest';
import { Scheduler } from '../../src/base/scheduler.ts';
import { createPipe, PacketPool, tap } from '../../src/link/index.ts';
import type { Link } from '../../src/link/link.ts';

it('shows both directions in their order and carries everything on', () => {
  const scheduler = new Scheduler();
  const pool = new PacketPool();
  const [a, b] = createPipe(scheduler, pool);
  const seen: [string, number][] = [];
  const arrived: number[] = [];
  const link = tap(a, scheduler, (direction, _time, packet) => seen.push([direction, packet.len]));
  const receiver = { packet: ({ len }: { len: number }) => arrived.push(len), burstEnd: () => arrived.push(0) };
  link.attach(receiver as never);
  b.attach({ packet: ({ len }) => arrived.push(-len), burstEnd: () => {} });
  const packet = (length: number) => Object.assign(pool.take(length), { len: length });
  link.send(packet(40));
  b.send(packet(41));
  scheduler.runUntil(1);
  expect(seen).toEqual([
    ['send', 40],
    ['receive', 41],
  ]);
  expect([...arrived].sort()).toEqual([-40, 0, 41]);
  expect([link.medium, link.mtu, link.offload]).toEqual([a.medium, a.mtu, a.offload]);
});

it('is full when its link is', () => {
  const scheduler = new Scheduler();
  const [inner] = createPipe(scheduler, new PacketPool());
  const state = { full: true };
  const device: Link = Object.create(inner, { full: { get: () => state.full } });
  const link = tap(device, scheduler, () => {});
  expect(link.full).toBe(true);
  state.full = false;
  expect(link.full).toBe(false);
  expect(tap(inner, scheduler, () => {}).full).toBe(false);
});
