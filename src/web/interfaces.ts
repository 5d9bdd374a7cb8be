/**
 * Owns: the interfaces of a web stack under the names of tcpip.js: loopback, tun (IP packets), tap (Ethernet frames), bridge.
 * Leaves to others: the streams of packets (`packet-stream.ts`), the switch of a bridge (`link/switch.ts`).
 */

import { below, type Random } from '../base/random.ts';
import type { Link, LinkReceiver, Offload } from '../link/link.ts';
import type { Packet } from '../link/packet.ts';
import { createSwitch, type EthernetSwitch } from '../link/switch.ts';
import type { Interface } from '../stack/interface.ts';
import type { Stack } from '../stack/stack.ts';
import {
  Address,
  formatAddress,
  formatPrefix,
  isLinkLocal,
  networkOf,
  Prefix,
  parseAddress,
  parsePrefix,
  sameAddress,
} from '../wire/address.ts';
import { badArgument } from './errors.ts';
import { PacketStream } from './packet-stream.ts';
import { chunksOf, type Octets } from './settle.ts';

export interface LoopbackInterfaceOptions {
  /** An address with the length of its network's prefix; `127.0.0.1/8` and `::1/128` are there already. */
  readonly ip?: string;
}

export interface TunInterfaceOptions {
  /** `192.168.1.1/24`, `fd00::1/64`; more with `interface.addAddress`. */
  readonly ip?: string;
  /** Octets of the largest packet: 1500. */
  readonly mtu?: number;
}

export interface TapInterfaceOptions extends TunInterfaceOptions {
  /** A unicast hardware address; one is drawn when absent. */
  readonly mac?: string;
}

export interface BridgeInterfaceOptions extends TapInterfaceOptions {
  /** Their frames are switched from now on, and their addresses are the bridge's. */
  readonly ports: readonly TapInterface[];
}

/** What all interfaces have. `ip` and `netmask` are those of the first address. */
abstract class NetworkInterfaceBase {
  /** The same interface to the core stack: routes want it, addresses are added to it. */
  abstract readonly interface: Interface;

  get ip(): string | undefined {
    const first = this.interface.addresses[0];
    return first === undefined ? undefined : formatAddress(first.address);
  }

  get netmask(): string | undefined {
    const first = this.interface.addresses[0];
    return first === undefined ? undefined : maskOf(first.address.family, first.prefix.length);
  }
}

export class LoopbackInterface extends NetworkInterfaceBase {
  readonly type = 'loopback' as const;
  readonly interface: Interface;
  readonly #ip: string;

  /** For `createLoopbackInterface`. */
  constructor(stack: Stack, { ip = '127.0.0.1/8' }: LoopbackInterfaceOptions) {
    super();
    this.interface = stack.loopback;
    const prefix = parsePrefix(ip);
    if (prefix === null || !stack.loopback.owns(prefix.address)) stack.loopback.addAddress(ip);
    this.#ip = ip.slice(0, ip.indexOf('/'));
  }

  override get ip(): string {
    return this.#ip;
  }

  override get netmask(): string | undefined {
    const address = parseAddress(this.#ip)!;
    const found = this.interface.addresses.find((one) => sameAddress(one.address, address));
    return found === undefined ? undefined : maskOf(address.family, found.prefix.length);
  }

  remove(): void {
    const address = parseAddress(this.#ip)!;
    if (this.#ip !== '127.0.0.1' && this.#ip !== '::1') this.interface.removeAddress(address);
  }
}

/** An interface whose packets are two streams. Nobody's packets are kept: lock `readable` before there is something to send. */
abstract class StreamInterface extends NetworkInterfaceBase implements AsyncIterable<Uint8Array<ArrayBuffer>> {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Octets>;
  readonly packets: PacketStream;

  constructor(packets: PacketStream) {
    super();
    this.packets = packets;
    this.readable = packets.readable;
    this.writable = packets.writable;
  }

  /** The packets that the stack sends, from now on. */
  listen(): AsyncIterableIterator<Uint8Array<ArrayBuffer>> {
    return chunksOf(this.readable);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array<ArrayBuffer>> {
    return this.listen();
  }
}

export class TunInterface extends StreamInterface {
  readonly type = 'tun' as const;
  readonly interface: Interface;

  /** For `createTunInterface`. */
  constructor(stack: Stack, options: TunInterfaceOptions) {
    super(new PacketStream(stack.scheduler, stack.pool, { medium: 'ip', ...mtuOf(options) }));
    this.interface = stack.addInterface({ link: this.packets, ...addressesOf(options) });
  }

  remove(): void {
    this.interface.stack.removeInterface(this.interface);
  }
}

export class TapInterface extends StreamInterface {
  readonly type = 'tap' as const;
  readonly mac: string;
  readonly #stack: Stack;
  readonly #plug: Plug;
  #interface: Interface;

  /** For `createTapInterface`. */
  constructor(stack: Stack, options: TapInterfaceOptions) {
    super(new PacketStream(stack.scheduler, stack.pool, { medium: 'ethernet', ...mtuOf(options) }));
    this.mac = options.mac ?? drawMac(stack.random);
    this.#stack = stack;
    this.#plug = new Plug(this.packets);
    this.#interface = stack.addInterface({ link: this.#plug, mac: this.mac, ...addressesOf(options) });
  }

  /** Its own, or the bridge's that it is a port of. */
  get interface(): Interface {
    return this.#interface;
  }

  get bridged(): boolean {
    return this.#plug.pulled;
  }

  /** Makes it a port of a bridge. @returns the addresses it had */
  join(ethernet: EthernetSwitch): string[] {
    const { addresses } = this.#interface;
    const had = addresses.filter(({ address }) => !isLinkLocal(address)).map(({ prefix }) => formatPrefix(prefix));
    this.#plug.pulled = true;
    this.#stack.removeInterface(this.#interface);
    const port = ethernet.addPort();
    port.attach({ packet: (frame: Packet) => this.packets.send(frame), burstEnd: () => {} });
    this.packets.attach({ packet: (frame) => port.send(frame), burstEnd: () => {} });
    return had;
  }

  /** The bridge has its interface now. */
  belongTo(bridge: Interface): void {
    this.#interface = bridge;
  }

  remove(): void {
    if (this.bridged) this.packets.close();
    else this.#stack.removeInterface(this.#interface);
  }
}

export class BridgeInterface extends NetworkInterfaceBase {
  readonly type = 'bridge' as const;
  readonly interface: Interface;
  readonly mac: string;
  readonly #ports: readonly TapInterface[];

  /** For `createBridgeInterface`. */
  constructor(stack: Stack, options: BridgeInterfaceOptions) {
    super();
    const { ports, mac = drawMac(stack.random) } = options;
    checkPorts(stack, ports);
    this.mac = mac;
    const mtu = Math.min(...ports.map((port) => port.packets.mtu), options.mtu ?? 1500);
    const ethernet = createSwitch(stack.scheduler, stack.pool, { mtu });
    // Before the ports lose their own interfaces: what is wrong with `mac` or `ip` shows here.
    this.interface = stack.addInterface({ link: ethernet.addPort(), mac, ...addressesOf(options) });
    this.#ports = [...ports];
    for (const port of ports) {
      const had = port.join(ethernet);
      for (const address of had) this.interface.addAddress(address);
      port.belongTo(this.interface);
    }
  }

  remove(): void {
    for (const port of this.#ports) port.remove();
    this.interface.stack.removeInterface(this.interface);
  }
}

export type NetworkInterface = LoopbackInterface | TunInterface | TapInterface | BridgeInterface;

/** Between a tap's streams and its interface: pulled, closing the interface leaves the streams open. */
class Plug implements Link {
  readonly medium = 'ethernet' as const;
  readonly mtu: number;
  readonly offload: Offload;
  pulled = false;
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
    this.mtu = link.mtu;
    this.offload = link.offload;
  }

  get full(): boolean {
    return this.#link.full ?? false;
  }

  attach(receiver: LinkReceiver): void {
    this.#link.attach(receiver);
  }

  send(packet: Packet): void {
    this.#link.send(packet);
  }

  close(): void {
    if (!this.pulled) this.#link.close();
  }
}

function checkPorts(stack: Stack, ports: readonly TapInterface[]): void {
  if (!Array.isArray(ports) || ports.length === 0) throw badArgument('ports', ports, 'an array of tap interfaces');
  const usable = (port: unknown): boolean =>
    port instanceof TapInterface && port.interface.stack === stack && !port.bridged;
  const wrong = ports.find((port, i) => !usable(port) || ports.indexOf(port) !== i);
  if (wrong !== undefined)
    throw badArgument('ports', wrong, 'tap interfaces of this stack, each once and in no other bridge');
}

function mtuOf({ mtu }: TunInterfaceOptions): { mtu?: number } {
  return mtu === undefined ? {} : { mtu };
}

function addressesOf({ ip }: TunInterfaceOptions): { addresses?: string[] } {
  return ip === undefined ? {} : { addresses: [ip] };
}

/** `255.255.255.0`, `ffff:ffff:ffff:ffff::` */
function maskOf(family: 4 | 6, length: number): string {
  const ones = family === 4 ? new Address(4, 0, 0, 0xffff, -1) : new Address(6, -1, -1, -1, -1);
  return formatAddress(networkOf(new Prefix(ones, length)));
}

/** A locally administered unicast address. */
function drawMac(random: Random): string {
  const octets = ['02'];
  for (let i = 0; i < 5; i++) octets.push(below(random, 256).toString(16).padStart(2, '0'));
  return octets.join(':');
}
