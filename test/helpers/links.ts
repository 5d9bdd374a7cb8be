/** What tests of links share: a scheduler and a pool, packets with a number in them, and a receiver that remembers. */

import { Scheduler } from '../../src/base/scheduler.ts';
import type { Link, LinkReceiver } from '../../src/link/link.ts';
import { type Packet, PacketPool } from '../../src/link/packet.ts';

/** A pool that knows which of its packets are out, and refuses one given back twice. */
export class StrictPool extends PacketPool {
  readonly #out: Set<Packet> = new Set();

  /** Packets taken and not given back. */
  get out(): number {
    return this.#out.size;
  }

  override take(size: number): Packet {
    const packet = super.take(size);
    this.#out.add(packet);
    return packet;
  }

  override give(packet: Packet): void {
    if (!this.#out.delete(packet)) throw new Error('a packet is given back twice');
    // What is read after it was given back is noticed.
    packet.buf.fill(0xdd);
    super.give(packet);
  }
}

export interface World {
  readonly scheduler: Scheduler;
  readonly pool: StrictPool;
}

export function world(): World {
  return { scheduler: new Scheduler(), pool: new StrictPool() };
}

/** A packet of `size` octets that begins with `n`; its id is `n` too. */
export function numbered(pool: PacketPool, n: number, size: number = 100): Packet {
  const packet = pool.take(size);
  packet.len = size;
  packet.id = n;
  packet.buf.fill(0, packet.off, packet.off + size);
  packet.buf[packet.off] = n >> 8;
  packet.buf[packet.off + 1] = n;
  return packet;
}

/** Takes what a link delivers, notes it and gives it back. */
export class Recorder implements LinkReceiver {
  /** Numbers of the packets, and 'end' for the ends of bursts. */
  readonly log: (number | 'end')[] = [];
  /** When each packet came, ms. */
  readonly times: number[] = [];
  /** Copies of the packets. */
  readonly packets: Uint8Array[] = [];
  /** Called with each packet before it is given back. */
  onPacket: ((packet: Packet) => void) | null = null;
  readonly #world: World;

  constructor(world: World, link: Link) {
    this.#world = world;
    link.attach(this);
  }

  /** The numbers only. */
  get numbers(): number[] {
    return this.log.filter((entry) => entry !== 'end');
  }

  packet(packet: Packet): void {
    this.log.push((packet.buf[packet.off]! << 8) | packet.buf[packet.off + 1]!);
    this.times.push(this.#world.scheduler.now);
    this.packets.push(packet.buf.slice(packet.off, packet.off + packet.len));
    this.onPacket?.(packet);
    this.#world.pool.give(packet);
  }

  burstEnd(): void {
    this.log.push('end');
  }
}
