/**
 * Owns: a middlebox around a link: a function sees every packet of both directions and lets it pass, changed or not, later or
 * not at all, and others beside it. Leaves to others: the packet as it sees it (`box-packet.ts`).
 */

import { ARRIVAL, type Scheduler, type Task } from '../base/scheduler.ts';
import type { TraceSink } from '../trace/events.ts';
import { BoxError, BoxPacket, readBox } from './box-packet.ts';
import type { FaultDirection } from './faults.ts';
import type { Link, LinkReceiver, Offload } from './link.ts';
import { CSUM_COMPLETE, LARGE_PACKET, type Packet, type PacketPool } from './packet.ts';
import { PacketHeap } from './queue.ts';
import { segment } from './segment.ts';
import { complete } from './transport.ts';

/** What a middlebox may say of a packet, beside changing its fields. What it says nothing of passes. */
export interface Passage {
  /** The packet goes no further. */
  drop(): void;
  /** It goes on so many ms later. */
  delay(ms: number): void;
  /** Another packet goes on after it: one that was made by `copy`, or octets as they are. The same direction unless told otherwise. */
  inject(packet: BoxPacket | Uint8Array, direction?: FaultDirection): void;
}

/** @param direction 'forth' from the user of the link, or the first end, towards the other one */
export type Middlebox = (packet: BoxPacket, direction: FaultDirection, passage: Passage) => void;

export interface MiddleboxOptions {
  /** In traces. */
  readonly name: string;
  readonly trace: TraceSink | null;
}

/** Packets of one direction that were told to wait. */
class Later implements Task {
  at: number = Infinity;
  order = 0;
  slot = -1;
  readonly heap: PacketHeap = new PacketHeap();
  readonly #scheduler: Scheduler;
  readonly #out: (packet: Packet) => void;
  readonly #end: () => void;

  constructor(scheduler: Scheduler, out: (packet: Packet) => void, end: () => void) {
    this.#scheduler = scheduler;
    this.#out = out;
    this.#end = end;
  }

  push(at: number, packet: Packet): void {
    this.heap.push(at, packet);
    this.#scheduler.schedule(this, this.heap.next(), ARRIVAL);
  }

  run(now: number): void {
    for (let left = this.heap.length; left > 0 && this.heap.next() <= now; left--) this.#out(this.heap.shift()!);
    if (this.heap.length > 0) this.#scheduler.schedule(this, this.heap.next(), ARRIVAL);
    this.#end();
  }

  clear(give: (packet: Packet) => void): void {
    this.#scheduler.cancel(this);
    for (let packet = this.heap.shift(); packet !== null; packet = this.heap.shift()) give(packet);
  }
}

export class MiddleboxLink implements Link, LinkReceiver {
  readonly medium: 'ip' | 'ethernet';
  readonly mtu: number;
  readonly offload: Offload;
  /** What sees the packets; null lets all of them pass. */
  box: Middlebox | null;
  readonly #inner: Link;
  readonly #scheduler: Scheduler;
  readonly #pool: PacketPool;
  readonly #options: MiddleboxOptions;
  readonly #later: Readonly<Record<FaultDirection, Later>>;
  readonly #pieces: Packet[] = [];
  #receiver: LinkReceiver | null = null;

  constructor(inner: Link, scheduler: Scheduler, pool: PacketPool, box: Middlebox, options: MiddleboxOptions) {
    this.medium = inner.medium;
    this.mtu = inner.mtu;
    this.offload = inner.offload;
    this.box = box;
    this.#inner = inner;
    this.#scheduler = scheduler;
    this.#pool = pool;
    this.#options = options;
    this.#later = {
      forth: new Later(
        scheduler,
        (packet) => inner.send(packet),
        () => {},
      ),
      back: new Later(
        scheduler,
        (packet) => this.#arrive(packet),
        () => this.#receiver?.burstEnd(),
      ),
    };
  }

  send(packet: Packet): void {
    if (this.box === null) {
      this.#inner.send(packet);
      return;
    }
    segment(packet, this.medium, this.#pool, this.#pieces);
    const pieces = this.#pieces.splice(0);
    for (const piece of pieces) this.#look(piece, 'forth');
  }

  packet(packet: Packet): void {
    if (this.box === null) {
      this.#arrive(packet);
      return;
    }
    segment(packet, this.medium, this.#pool, this.#pieces);
    const pieces = this.#pieces.splice(0);
    for (const piece of pieces) this.#look(piece, 'back');
  }

  burstEnd(): void {
    this.#receiver?.burstEnd();
  }

  attach(receiver: LinkReceiver): void {
    this.#receiver = receiver;
    this.#inner.attach(this);
  }

  close(): void {
    for (const later of Object.values(this.#later)) later.clear((packet) => this.#pool.give(packet));
    this.#inner.close();
  }

  #look(packet: Packet, direction: FaultDirection): void {
    complete(packet, this.medium);
    const { buf, off, len } = packet;
    const came = buf.slice(off, off + len);
    const seen = readBox(came, this.medium);
    let dropped = false;
    let late = 0;
    const others: (readonly [Uint8Array, FaultDirection])[] = [];
    this.box!(seen, direction, {
      drop() {
        dropped = true;
      },
      delay(ms) {
        if (!(ms >= 0 && ms < Infinity)) throw new BoxError(`delay is ${ms}; it must be >= 0 ms`);
        late = ms;
      },
      inject(other, where = direction) {
        others.push([other instanceof BoxPacket ? other.octets() : other, where]);
      },
    });
    if (dropped) this.#drop(packet);
    else this.#pass(changed(seen, came) ? this.#replace(packet, seen.octets()) : packet, direction, late);
    for (const [octets, where] of others) this.#inject(octets, where, where === direction);
  }

  #pass(packet: Packet, direction: FaultDirection, late: number): void {
    if (late > 0) this.#later[direction].push(this.#scheduler.now + late, packet);
    else if (direction === 'forth') this.#inner.send(packet);
    else this.#arrive(packet);
  }

  /** @param along the way that packets go at this moment: others may not arrive from within a call of their receiver */
  #inject(octets: Uint8Array, direction: FaultDirection, along: boolean): void {
    const packet = this.#packet(octets);
    const { trace, name } = this.#options;
    if (trace !== null) {
      packet.id = this.#pool.nextId();
      trace({ type: 'packet-injected', time: this.#scheduler.now, host: name, packet: packet.id });
    }
    if (along || direction === 'forth') this.#pass(packet, direction, 0);
    else this.#later[direction].push(this.#scheduler.now, packet);
  }

  #replace(packet: Packet, octets: Uint8Array): Packet {
    const replaced = this.#packet(octets);
    replaced.id = packet.id;
    this.#pool.give(packet);
    return replaced;
  }

  #packet(octets: Uint8Array): Packet {
    if (octets.length > LARGE_PACKET) throw new BoxError(`a packet of ${octets.length} octets is too large`);
    const packet = this.#pool.take(octets.length);
    packet.len = octets.length;
    packet.checksum = CSUM_COMPLETE;
    packet.buf.set(octets, packet.off);
    return packet;
  }

  #arrive(packet: Packet): void {
    if (this.#receiver === null) this.#pool.give(packet);
    else this.#receiver.packet(packet);
  }

  #drop(packet: Packet): void {
    const { trace, name } = this.#options;
    if (trace !== null) {
      trace({ type: 'packet-dropped', time: this.#scheduler.now, host: name, packet: packet.id, reason: 'middlebox' });
    }
    this.#pool.give(packet);
  }
}

/** Whether a middlebox has changed anything: if not, what came goes on as it came, damage included. */
function changed(seen: BoxPacket, came: Uint8Array): boolean {
  const now = seen.plain();
  return now.length !== came.length || now.some((octet, i) => octet !== came[i]);
}
