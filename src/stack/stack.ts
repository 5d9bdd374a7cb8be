/**
 * Owns: the host. A table of contents of what a stack is made of, and the calls that configure it.
 *
 * Sans-I/O: a stack reads no clock and draws no entropy; time is the scheduler's, randomness and packets come in from
 * outside. Whoever drives the scheduler drives the stack.
 */

import type { Random } from '../base/random.ts';
import { BufferPool } from '../base/ring.ts';
import type { Scheduler } from '../base/scheduler.ts';
import type { Key128 } from '../base/siphash.ts';
import { createLoopback } from '../link/loopback.ts';
import { type Packet, PacketPool } from '../link/packet.ts';
import type { CongestionController, TcpOptions } from '../tcp/index.ts';
import type { TraceSink } from '../trace/events.ts';
import { type Address, isLoopback, isMulticast, isUnspecified, parseAddress, parsePrefix } from '../wire/address.ts';
import { PROTO_ICMP, PROTO_ICMPV6, PROTO_TCP, PROTO_UDP } from '../wire/ipv4.ts';
import { mergeConfig, type PartialConfig, type StackConfig } from './config.ts';
import { Counters, type DropReason } from './counters.ts';
import { invalidArgument, TsynError } from './errors.ts';
import { Ethernet } from './ethernet.ts';
import { Icmp } from './icmp.ts';
import { IcmpLimit } from './icmp-limit.ts';
import { Icmpv6 } from './icmpv6.ts';
import { Interface, type InterfaceOptions } from './interface.ts';
import { IpLayer } from './ip.ts';
import { drawSecret } from './keys.ts';
import { MIN_PMTU6, Paths } from './paths.ts';
import { type PingOptions, type PingResult, Pings } from './ping.ts';
import { EphemeralPorts } from './ports.ts';
import { type Route, RouteTable } from './routes.ts';
import { listSockets, type SocketInfo } from './sockets.ts';
import { Tcp } from './tcp.ts';
import type { TransportProtocol } from './transport.ts';
import { Udp } from './udp.ts';
import type { UdpSocket, UdpSocketOptions } from './udp-socket.ts';

export interface StackOptions {
  /** The host's name in traces; `host` by default. */
  readonly name?: string;
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** 128 bits that outsiders must not know; drawn from `random` when absent. */
  readonly secret?: Key128;
  readonly config?: PartialConfig;
  readonly trace?: TraceSink | null;
  /** Settings of TCP connections that do not say otherwise. */
  readonly tcp?: Partial<TcpOptions>;
  /** Congestion controllers beside the built-in ones, by name. */
  readonly controllers?: Readonly<Record<string, CongestionController>>;
  /** Share one pool among the stacks and links of a process. */
  readonly pool?: PacketPool;
  readonly buffers?: BufferPool;
}

export interface RouteOptions {
  /** `0.0.0.0/0`, `2001:db8::/32` */
  readonly destination: string;
  /** The router's address; absent where the destination is on the link itself. */
  readonly via?: string;
  readonly interface: Interface;
  /** 0 by default; smaller is better. */
  readonly metric?: number;
  /** Octets of the largest packet that takes this route, where the interface would allow more: 68 at least, 1280 for IPv6. */
  readonly mtu?: number;
}

export class Stack {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly secret: Key128;
  readonly config: StackConfig;
  readonly pool: PacketPool;
  readonly buffers: BufferPool;
  /** What the host counts as it goes (its management information base, RFC 4293). To look at: `counters()`. */
  readonly mib: Counters = new Counters();
  /** Where trace events go; null where nobody watches. */
  trace: TraceSink | null;

  /** Protocols above IP by protocol number: the place where TCP is registered (`registerTransport`). */
  readonly transports: (TransportProtocol | null)[] = new Array<TransportProtocol | null>(256).fill(null);
  readonly paths: Paths;
  readonly routeTable: RouteTable;
  readonly ethernet: Ethernet;
  readonly ip: IpLayer;
  readonly icmp: Icmp;
  readonly icmpv6: Icmpv6;
  readonly pings: Pings;
  readonly udp: Udp;
  readonly tcp: Tcp;
  /** Chooses ephemeral ports for UDP and TCP. */
  readonly ports: EphemeralPorts;
  /** The internal interface with 127.0.0.1/8 and ::1/128; packets to our own addresses take it too. */
  readonly loopback: Interface;

  readonly #interfaces: Interface[] = [];
  readonly #registered: TransportProtocol[] = [];
  #interfacesMade = 0;
  #closed = false;

  constructor(options: StackOptions) {
    this.name = options.name ?? 'host';
    this.scheduler = options.scheduler;
    this.random = options.random;
    this.secret = options.secret ?? drawSecret(options.random);
    this.config = mergeConfig(options.config);
    this.pool = options.pool ?? new PacketPool();
    this.buffers = options.buffers ?? new BufferPool();
    this.trace = options.trace ?? null;
    this.paths = new Paths(this);
    this.routeTable = new RouteTable(this.config.ip.maxRoutes);
    this.ports = new EphemeralPorts(this.config.ports, this.secret, this.random);
    this.ethernet = new Ethernet(this);
    this.ip = new IpLayer(this);
    const limit = new IcmpLimit(this);
    this.icmp = new Icmp(this, limit);
    this.icmpv6 = new Icmpv6(this, limit);
    this.pings = new Pings(this);
    this.udp = new Udp(this);
    this.registerTransport(PROTO_ICMP, this.icmp);
    this.registerTransport(PROTO_ICMPV6, this.icmpv6);
    this.registerTransport(PROTO_UDP, this.udp);
    this.tcp = new Tcp(this, options.tcp ?? {}, options.controllers ?? {});
    this.registerTransport(PROTO_TCP, this.tcp);
    const { loopbackMtu, loopbackQueue } = this.config.ip;
    this.loopback = this.#add(
      {
        link: createLoopback(this.scheduler, this.pool, { mtu: loopbackMtu, queueLimit: loopbackQueue }),
        name: 'lo',
        addresses: ['127.0.0.1/8', '::1/128'],
      },
      true,
    );
  }

  /** The time, ms; brought up to date for callers from outside the scheduler. */
  now(): number {
    return this.scheduler.refresh();
  }

  /**
   * Attaches a link and gives it addresses.
   *
   * @throws TsynError ERR_INVALID_ARG_VALUE, EADDRINUSE, ENOSPC; the stack is unchanged then
   */
  addInterface(options: InterfaceOptions): Interface {
    if (this.#closed) throw new TsynError('ERR_INVALID_STATE', 'the stack is closed');
    if (this.#interfaces.length >= this.config.ip.maxInterfaces) {
      throw new TsynError('ENOSPC', 'there are config.ip.maxInterfaces interfaces already');
    }
    return this.#add(options, false);
  }

  /** Detaches an interface: its link is closed, its routes go. Harmless when repeated. */
  removeInterface(iface: Interface): void {
    const at = this.#interfaces.indexOf(iface);
    if (at < 0 || iface.loopback) return;
    this.#interfaces.splice(at, 1);
    this.routeTable.remove((route) => route.iface === iface);
    iface.setUp(false);
    iface.link.close();
    this.paths.invalidate();
  }

  /** The interfaces, the internal loopback first. */
  interfaces(): readonly Interface[] {
    return this.#interfaces;
  }

  /** @throws TsynError ERR_INVALID_ARG_VALUE, EEXIST, ENOSPC */
  addRoute(options: RouteOptions): Route {
    const destination = parsePrefix(options.destination);
    if (destination === null) throw invalidArgument('destination', options.destination, "a prefix, like '10.0.0.0/8'");
    const via = options.via === undefined ? null : parseAddress(options.via);
    if (options.via !== undefined) {
      const usable =
        via !== null && via.family === destination.address.family && !isMulticast(via) && !isUnspecified(via);
      if (!usable) throw invalidArgument('via', options.via, 'a unicast address of the same family');
    }
    const { metric = 0 } = options;
    if (!Number.isInteger(metric) || metric < 0) throw invalidArgument('metric', metric, 'a non-negative integer');
    const { mtu = Infinity } = options;
    const least = destination.address.family === 4 ? 68 : MIN_PMTU6;
    if (mtu !== Infinity && !(Number.isInteger(mtu) && mtu >= least)) {
      throw invalidArgument('mtu', mtu, `an integer from ${least}`);
    }
    if (!this.#interfaces.includes(options.interface)) {
      throw invalidArgument('interface', options.interface?.name, 'an interface of this stack');
    }
    const route: Route = { destination, via, iface: options.interface, metric, mtu };
    this.routeTable.add(route);
    this.paths.invalidate();
    return route;
  }

  /** Removes the routes to a prefix (all of them, or those over one interface). @returns how many there were */
  removeRoute(destination: string, iface: Interface | null = null): number {
    const prefix = parsePrefix(destination);
    if (prefix === null) throw invalidArgument('destination', destination, "a prefix, like '10.0.0.0/8'");
    const removed = this.routeTable.remove(
      (route) =>
        route.destination.length === prefix.length &&
        prefix.contains(route.destination.address) &&
        (iface === null || route.iface === iface),
    );
    this.paths.invalidate();
    return removed;
  }

  /** The routes entered with `addRoute`; the interfaces' own networks are not listed. */
  routes(): readonly Route[] {
    return this.routeTable.list();
  }

  /** Whether `address` is one of ours, on whatever interface (the weak host model, RFC 1122 3.3.4.2); all of 127/8 is. */
  isLocal(address: Address): boolean {
    const interfaces = this.#interfaces;
    for (let i = 0; i < interfaces.length; i++) if (interfaces[i]!.owns(address)) return true;
    return isLoopback(address);
  }

  /** The interface that has `address`, or null. */
  ownerOf(address: Address): Interface | null {
    const interfaces = this.#interfaces;
    for (let i = 0; i < interfaces.length; i++) if (interfaces[i]!.owns(address)) return interfaces[i]!;
    return isLoopback(address) ? this.loopback : null;
  }

  /** Puts a protocol above IP in its place; it takes that of any protocol registered under the number before. */
  registerTransport(protocol: number, transport: TransportProtocol): void {
    this.transports[protocol] = transport;
    if (!this.#registered.includes(transport)) this.#registered.push(transport);
  }

  /** Tells every protocol that a link has no more packets for the moment. */
  burstEnd(): void {
    const registered = this.#registered;
    for (let i = 0; i < registered.length; i++) registered[i]!.burstEnd();
  }

  /** Every counter by its name in `netstat -s` and `nstat`; drops as `Drop:reason`. A plain copy. */
  counters(): Record<string, number> {
    return this.mib.snapshot();
  }

  /** Counts a drop, traces it and gives the packet back to the pool. */
  drop(reason: DropReason, packet: Packet): void {
    this.mib.drops[reason]++;
    if (this.trace !== null) {
      this.trace({ type: 'packet-dropped', time: this.scheduler.now, host: this.name, packet: packet.id, reason });
    }
    this.pool.give(packet);
  }

  /** A UDP socket. @throws TsynError ENOSPC (config.udp.maxSockets) */
  openUdp(options: UdpSocketOptions = {}): UdpSocket {
    return this.udp.open(options);
  }

  /**
   * Sends one echo request and waits for its reply.
   *
   * @throws TsynError (the promise rejects) ERR_INVALID_ARG_VALUE, ENETUNREACH, EADDRNOTAVAIL, EHOSTUNREACH, EMSGSIZE, ETIMEDOUT
   */
  ping(address: string, options: PingOptions = {}): Promise<PingResult> {
    return this.pings.ping(address, options);
  }

  /**
   * Listeners, connections, TIME-WAIT records and UDP sockets, in netstat's manner.
   *
   * @param limit how many at most
   */
  sockets(limit: number = Infinity): SocketInfo[] {
    return listSockets(this, limit);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Ends the host without a word to anyone: links are closed, deadlines cancelled. Harmless when repeated. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.pings.close();
    this.udp.close();
    this.tcp.close();
    this.ip.close();
    for (const iface of this.#interfaces) {
      iface.setUp(false);
      iface.neighbours?.close();
      iface.link.close();
    }
  }

  #add(options: InterfaceOptions, loopback: boolean): Interface {
    const iface = new Interface(this, this.#interfacesMade + 1, options, loopback);
    this.#interfacesMade++;
    this.#interfaces.push(iface);
    this.paths.invalidate();
    options.link.attach(iface);
    return iface;
  }
}

/** Makes a host. @throws TsynError ERR_INVALID_ARG_VALUE for a wrong configuration */
export function createStack(options: StackOptions): Stack {
  return new Stack(options);
}
