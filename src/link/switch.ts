/**
 * Owns: a learning Ethernet switch (IEEE 802.1D 7). Its ports are links; frames go where their destination was last
 * heard, else everywhere, and never back to the port they came from. No spanning tree: make no loops.
 */

import type { Scheduler } from '../base/scheduler.ts';
import { EthernetHeader, parseEthernet } from '../wire/ethernet.ts';
import { Delivery, fits, type LinkCounters, linkCounters, QUEUE_LIMIT } from './delivery.ts';
import { type Link, type LinkReceiver, NO_OFFLOAD, type Offload } from './link.ts';
import { MacTable } from './mac-table.ts';
import type { Packet, PacketPool } from './packet.ts';

export interface SwitchOptions {
  /** Octets of the largest IP packet: 1500. */
  readonly mtu?: number;
  /** What every port spares its user: nothing. */
  readonly offload?: Offload;
  /** Packets waiting at one port at most: 8192. */
  readonly queueLimit?: number;
  /** Hardware addresses remembered at most: 1024. */
  readonly addressLimit?: number;
  /** After how many ms without a frame an address is forgotten: 300,000 (IEEE 802.1D 7.9.2). */
  readonly addressAge?: number;
}

/** A port: the end of a cable into the switch. `counters.undelivered` counts runts too. */
export class SwitchPort implements Link {
  readonly medium = 'ethernet' as const;
  readonly mtu: number;
  readonly offload: Offload;
  readonly counters: LinkCounters = linkCounters();
  readonly number: number;
  /** What leaves the switch by this port. */
  readonly egress: Delivery;
  readonly #switch: EthernetSwitch;

  constructor(owner: EthernetSwitch, number: number, egress: (counters: LinkCounters) => Delivery) {
    this.#switch = owner;
    this.mtu = owner.mtu;
    this.offload = owner.offload;
    this.number = number;
    this.egress = egress(this.counters);
  }

  send(packet: Packet): void {
    this.counters.sent++;
    this.#switch.forward(this, packet);
  }

  attach(receiver: LinkReceiver): void {
    this.egress.receiver = receiver;
  }

  close(): void {
    this.egress.close();
    this.#switch.remove(this);
  }
}

export class EthernetSwitch {
  readonly mtu: number;
  readonly offload: Offload;
  readonly addresses: MacTable;
  /** Frames sent to every port because nobody knew better, or because they were meant for all. */
  flooded = 0;
  readonly #scheduler: Scheduler;
  readonly #pool: PacketPool;
  readonly #queueLimit: number;
  readonly #ports: SwitchPort[] = [];
  readonly #header: EthernetHeader = new EthernetHeader();
  #made = 0;

  constructor(scheduler: Scheduler, pool: PacketPool, options: SwitchOptions) {
    this.#scheduler = scheduler;
    this.#pool = pool;
    this.mtu = options.mtu ?? 1500;
    this.offload = options.offload ?? NO_OFFLOAD;
    this.#queueLimit = options.queueLimit ?? QUEUE_LIMIT;
    this.addresses = new MacTable(options.addressLimit ?? 1024, options.addressAge ?? 300_000);
  }

  /** Plugs in one more cable. */
  addPort(): SwitchPort {
    const egress = (counters: LinkCounters): Delivery =>
      new Delivery(this.#scheduler, this.#pool, this.#queueLimit, counters);
    const port = new SwitchPort(this, this.#made++, egress);
    this.#ports.push(port);
    return port;
  }

  /** Takes over a frame that came in by `from`; for {@link SwitchPort}. */
  forward(from: SwitchPort, packet: Packet): void {
    const header = this.#header;
    if (this.#ports.indexOf(from) < 0 || parseEthernet(packet.buf, packet.off, packet.len, header) === 'truncated') {
      from.counters.undelivered++;
      this.#pool.give(packet);
      return;
    }
    if (!fits(packet, from)) {
      from.counters.oversized++;
      this.#pool.give(packet);
      return;
    }
    const now = this.#scheduler.now;
    // A group address cannot be a source.
    if ((header.src0 & 0x0100) === 0) this.addresses.learn(header.src0, header.src1, from.number, now);
    const known = header.dst0 & 0x0100 ? -1 : this.addresses.find(header.dst0, header.dst1, now);
    if (known < 0) this.#flood(from, packet);
    else this.#pass(from, known, packet);
  }

  /** Forgets a port that closed; for {@link SwitchPort}. */
  remove(port: SwitchPort): void {
    const index = this.#ports.indexOf(port);
    if (index < 0) return;
    this.#ports.splice(index, 1);
    this.addresses.forget(port.number);
  }

  /** Closes every port. */
  close(): void {
    for (const port of this.#ports.slice()) port.close();
  }

  #pass(from: SwitchPort, number: number, packet: Packet): void {
    if (number !== from.number) {
      for (const port of this.#ports) {
        if (port.number !== number) continue;
        if (!port.egress.push(packet)) port.counters.overflowed++;
        return;
      }
    }
    // Its destination is on the cable that it came by, and has it already.
    this.#pool.give(packet);
  }

  #flood(from: SwitchPort, packet: Packet): void {
    this.flooded++;
    for (const port of this.#ports) {
      if (port !== from && !port.egress.push(this.#pool.clone(packet))) port.counters.overflowed++;
    }
    this.#pool.give(packet);
  }
}

/** Makes a switch without ports; `addPort` makes those. */
export function createSwitch(scheduler: Scheduler, pool: PacketPool, options: SwitchOptions = {}): EthernetSwitch {
  return new EthernetSwitch(scheduler, pool, options);
}
