/** Hosts in virtual time for the tests of the IP half: stacks on pipes and switches, raw peers, every frame judged. */

import { expect } from 'vitest';
import { SeededRandom } from '../../src/base/random.ts';
import { Scheduler } from '../../src/base/scheduler.ts';
import type { Link } from '../../src/link/link.ts';
import { HEADROOM, type Packet, PacketPool } from '../../src/link/packet.ts';
import { createPipe, type PipeOptions } from '../../src/link/pipe.ts';
import { createSwitch, type EthernetSwitch } from '../../src/link/switch.ts';
import { tap } from '../../src/link/tap.ts';
import type { PartialConfig } from '../../src/stack/config.ts';
import type { DropReason } from '../../src/stack/counters.ts';
import type { Interface } from '../../src/stack/interface.ts';
import { createStack, type Stack } from '../../src/stack/stack.ts';
import { type Address, parseAddress } from '../../src/wire/address.ts';
import { type Mac, parseMac } from '../../src/wire/ethernet.ts';
import { packetLine } from '../../src/wire/line.ts';
import { checkFrame } from '../helpers/oracle.ts';

export const MAC_A = '02:00:00:00:00:0a';
export const MAC_B = '02:00:00:00:00:0b';
export const MAC_X = '02:00:00:00:00:99';

export function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === null) throw new Error(`not an address: ${text}`);
  return parsed;
}

export function mac(text: string): Mac {
  const parsed = parseMac(text);
  if (parsed === null) throw new Error(`not a MAC: ${text}`);
  return parsed;
}

/** A world with one clock and one pool. */
export class World {
  readonly scheduler: Scheduler = new Scheduler(1000);
  readonly pool: PacketPool = new PacketPool();
  /** What the oracle found wrong with frames that stacks emitted. */
  readonly problems: string[] = [];
  /** Frames that stacks emitted, as lines. */
  readonly lines: string[] = [];
  /** Whether to keep lines (floods need none). */
  log = true;
  readonly stacks: Stack[] = [];

  stack(name: string, config: PartialConfig = {}): Stack {
    const random = new SeededRandom(name.charCodeAt(0));
    const stack = createStack({ name, scheduler: this.scheduler, random, config, pool: this.pool });
    this.stacks.push(stack);
    return stack;
  }

  /** A link on which everything that its user sends is judged. */
  judged(link: Link): Link {
    return tap(link, this.scheduler, (direction, _time, packet) => {
      if (direction !== 'send') return;
      const bytes = packet.buf.slice(packet.off, packet.off + packet.len);
      if (this.log) this.lines.push(packetLine(packet.buf, packet.off, packet.len, link.medium));
      if (packet.segmentSize > 0) return;
      for (const problem of checkFrame(bytes, link.medium)) this.problems.push(problem);
    });
  }

  /** Two stacks, a at 10.0.0.1 and fd00::1, b at 10.0.0.2 and fd00::2, on an 'ip' pipe. */
  pair(options: PipeOptions = {}, a: PartialConfig = {}, b: PartialConfig = {}): Pair {
    const [left, right] = createPipe(this.scheduler, this.pool, options);
    const ethernet = options.medium === 'ethernet';
    const one = this.stack('a', a);
    const two = this.stack('b', b);
    const ia = one.addInterface({
      link: this.judged(left),
      addresses: ['10.0.0.1/24', 'fd00::1/64'],
      ...(ethernet ? { mac: MAC_A } : {}),
    });
    const ib = two.addInterface({
      link: this.judged(right),
      addresses: ['10.0.0.2/24', 'fd00::2/64'],
      ...(ethernet ? { mac: MAC_B } : {}),
    });
    return { a: one, b: two, ia, ib };
  }

  /** One stack, at 10.0.0.1 and fd00::1, and a raw peer. */
  victim(options: PipeOptions = {}, config: PartialConfig = {}): { a: Stack; ia: Interface; raw: Raw } {
    const [left, right] = createPipe(this.scheduler, this.pool, options);
    const a = this.stack('a', config);
    const ethernet = options.medium === 'ethernet';
    const ia = a.addInterface({
      link: this.judged(left),
      addresses: ['10.0.0.1/24', 'fd00::1/64'],
      ...(ethernet ? { mac: MAC_A } : {}),
    });
    return { a, ia, raw: new Raw(this, right) };
  }

  ethernet(): EthernetSwitch {
    return createSwitch(this.scheduler, this.pool);
  }

  /** Lets `ms` pass. */
  run(ms: number): void {
    this.scheduler.runUntil(this.scheduler.now + ms);
  }

  /** Lets time pass until a promise is settled. */
  async settle<T>(promise: Promise<T>, ms: number = 60_000): Promise<T> {
    let done = false;
    const end = (): void => {
      done = true;
    };
    promise.then(end, end);
    const until = this.scheduler.now + ms;
    for (let turns = 0; turns < 10_000; turns++) {
      await Promise.resolve();
      await Promise.resolve();
      const next = this.scheduler.next();
      if (done || next > until) break;
      this.scheduler.runUntil(next);
    }
    expect(done, 'the promise is not settled').toBe(true);
    return promise;
  }

  /** Every frame that a stack emitted was sound. */
  judge(): void {
    expect(this.problems).toEqual([]);
  }
}

export interface Pair {
  a: Stack;
  b: Stack;
  ia: Interface;
  ib: Interface;
}

/** The end of a cable in a tester's hand: sends any bytes, keeps what comes. */
export class Raw {
  readonly received: Uint8Array[] = [];
  readonly #world: World;
  readonly #link: Link;
  /** Counts only. */
  count = 0;
  keep = true;

  constructor(world: World, link: Link) {
    this.#world = world;
    this.#link = link;
    link.attach({
      packet: (packet: Packet): void => {
        this.count++;
        if (this.keep) this.received.push(packet.buf.slice(packet.off, packet.off + packet.len));
        world.pool.give(packet);
      },
      burstEnd: (): void => {},
    });
  }

  send(bytes: Uint8Array): void {
    const packet = this.#world.pool.take(bytes.length);
    packet.buf.set(bytes, HEADROOM);
    packet.len = bytes.length;
    this.#link.send(packet);
  }

  /** Sends, lets a moment pass, and tells what came back. */
  ask(bytes: Uint8Array): Uint8Array[] {
    this.received.length = 0;
    this.send(bytes);
    this.#world.run(0);
    return this.received.splice(0);
  }
}

/** Drops of a stack that are not zero. */
export function drops(stack: Stack): Partial<Record<DropReason, number>> {
  return Object.fromEntries(Object.entries(stack.mib.drops).filter(([, n]) => n > 0));
}
