/**
 * Owns: a whole host for places where there is only the web platform: a core stack with its driver and entropy, its interfaces as
 * streams of packets, its sockets as streams of octets. The verbs and their options are those of tcpip.js; `connect` and
 * `listen` those of WinterTC's sockets API.
 */

/// <reference lib="esnext.disposable" preserve="true" />

import type { Random } from '../base/random.ts';
import type { PartialConfig } from '../stack/config.ts';
import type { PingResult, PingOptions as StackPingOptions } from '../stack/ping.ts';
import { Stack } from '../stack/stack.ts';
import type { TcpOptions } from '../tcp/index.ts';
import type { TraceSink } from '../trace/events.ts';
import { WebDriver } from './driver.ts';
import { WebRandom } from './entropy.ts';
import { abortError, badArgument, guarded, SocketError } from './errors.ts';
import {
  BridgeInterface,
  type BridgeInterfaceOptions,
  LoopbackInterface,
  type LoopbackInterfaceOptions,
  type NetworkInterface,
  TapInterface,
  type TapInterfaceOptions,
  TunInterface,
  type TunInterfaceOptions,
} from './interfaces.ts';
import type { Listener, ListenOptions } from './listener.ts';
import { type AnySocketAddress, checkHost, lookUp, type Resolve } from './names.ts';
import { echo, PingSession, type PingSessionOptions } from './ping.ts';
import { disposable } from './settle.ts';
import { checkSignal, type Socket, type SocketOptions } from './socket.ts';
import { SocketLayer } from './sockets.ts';
import { UdpSocket, type UdpSocketOptions } from './udp.ts';

export interface WebStackOptions {
  /** The host's name in traces; `host` by default. */
  readonly name?: string;
  /** Share one among the stacks of a process to join them with core links; by default one of its own, which is closed with it. */
  readonly driver?: WebDriver;
  /** The runtime's entropy by default. */
  readonly random?: Random;
  readonly config?: PartialConfig;
  /** Settings of TCP connections that do not say otherwise. */
  readonly tcp?: Partial<TcpOptions>;
  readonly trace?: TraceSink | null;
  /** What hostnames stand for; without it only IP addresses and `localhost` are known. */
  readonly resolve?: Resolve;
}

export interface TcpConnectionOptions extends SocketOptions {
  readonly host: string;
  readonly port: number;
}

export interface TcpListenerOptions extends Omit<ListenOptions, 'hostname'> {
  readonly host?: string;
}

export interface PingOptions extends StackPingOptions {
  readonly signal?: AbortSignal;
}

/**
 * A host. Open sockets and listeners keep the process alive, as those of a system do; `close` ends everything. All rejections
 * are {@link SocketError}s.
 */
export class WebStack {
  /** The stack itself: routes, counters, configuration, core links (`core.addInterface`). */
  readonly core: Stack;
  readonly driver: WebDriver;
  /** There is nothing to wait for; for code that waits. */
  readonly ready: Promise<void> = Promise.resolve();
  /** As `close()`; there where the runtime knows `Symbol.asyncDispose`. */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;
  readonly #sockets: SocketLayer;
  readonly #resolve: Resolve | undefined;
  readonly #ownDriver: boolean;
  readonly #interfaces: Set<NetworkInterface> = new Set();
  readonly #udp: Set<UdpSocket> = new Set();

  /** For `createStack`. */
  constructor(options: WebStackOptions) {
    const { driver, resolve, random = new WebRandom(), ...rest } = options;
    this.#ownDriver = driver === undefined;
    this.driver = driver ?? new WebDriver();
    const { scheduler, pool, buffers } = this.driver;
    this.core = guarded(() => new Stack({ ...rest, scheduler, pool, buffers, random }));
    this.#resolve = resolve;
    this.#sockets = new SocketLayer(this.core, { driver: this.driver, ...(resolve === undefined ? {} : { resolve }) });
    disposable(this, () => this.close());
  }

  /** What was made here. */
  get interfaces(): Iterable<NetworkInterface> {
    return [...this.#interfaces];
  }

  /** WinterTC's `connect`: see `Sockets.connect`. */
  connect(address: AnySocketAddress, options?: SocketOptions): Socket {
    return this.#sockets.connect(address, options);
  }

  /** See `Sockets.listen`. */
  listen(options: ListenOptions): Listener {
    return this.#sockets.listen(options);
  }

  /**
   * A connection, when it is established. The writable half outlives the peer's: close it, or the connection, when done.
   *
   * @throws (rejects) as `connect`
   */
  async connectTcp(options: TcpConnectionOptions): Promise<Socket> {
    checkOptions(options, '{ host, port }');
    const { host: hostname, port, ...rest } = options;
    const socket = this.connect({ hostname, port }, { allowHalfOpen: true, ...rest });
    await socket.opened;
    return socket;
  }

  /** A listener; its connections are half-open as those of `connectTcp`. @throws (rejects) as `listen` */
  async listenTcp(options: TcpListenerOptions): Promise<Listener> {
    checkOptions(options, '{ port, host? }');
    const { host, ...rest } = options;
    return this.listen({ allowHalfOpen: true, ...(host === undefined ? {} : { hostname: host }), ...rest });
  }

  /** A UDP socket, bound. @throws (rejects) SocketError EADDRINUSE, EADDRNOTAVAIL, ENOSPC, ERR_INVALID_ARG_VALUE, ABORT_ERR */
  async openUdp(options: UdpSocketOptions = {}): Promise<UdpSocket> {
    checkOptions(options, '{ port?, host? }');
    const { host, port, signal, ...rest } = options;
    checkSignal(signal);
    const address = host === undefined ? undefined : await this.#addressOf(checkHost('host', host), signal);
    if (signal?.aborted) throw abortError(signal.reason);
    const udp = guarded(() => this.core.openUdp(rest));
    try {
      guarded(() =>
        udp.bind({ ...(address === undefined ? {} : { address }), ...(port === undefined ? {} : { port }) }),
      );
    } catch (error) {
      udp.close();
      throw error;
    }
    const leave = (gone: UdpSocket): void => {
      if (this.#udp.delete(gone)) this.driver.release();
    };
    const socket = new UdpSocket(udp, (name) => this.#addressOf(name, signal), leave, signal);
    this.#udp.add(socket);
    this.driver.retain();
    return socket;
  }

  /** Echo requests to one host. @throws (rejects) SocketError ENOTFOUND, ERR_INVALID_ARG_VALUE */
  async createPingSession(options: PingSessionOptions): Promise<PingSession> {
    checkOptions(options, '{ host, timeout? }');
    const { timeout = 1000 } = options;
    if (!(timeout > 0)) throw badArgument('timeout', timeout, 'a positive number of milliseconds');
    const address = await this.#addressOf(checkHost('host', options.host), undefined);
    return new PingSession(this.core, this.driver, address, timeout);
  }

  /**
   * One echo request and its reply.
   *
   * @throws (rejects) SocketError ENOTFOUND, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, EMSGSIZE, ABORT_ERR, ERR_INVALID_ARG_VALUE
   */
  async ping(host: string, options: PingOptions = {}): Promise<PingResult> {
    checkOptions(options, 'an object');
    const { signal, ...rest } = options;
    checkSignal(signal);
    const address = await this.#addressOf(checkHost('host', host), signal);
    return echo(this.core, this.driver, address, rest, signal).promise;
  }

  /** Another address of the internal loopback, or one it has already. @throws (rejects) SocketError ERR_INVALID_ARG_VALUE */
  async createLoopbackInterface(options: LoopbackInterfaceOptions = {}): Promise<LoopbackInterface> {
    return this.#made(options, () => new LoopbackInterface(this.core, options));
  }

  /** IP packets as streams. @throws (rejects) SocketError ERR_INVALID_ARG_VALUE, EADDRINUSE, ENOSPC */
  async createTunInterface(options: TunInterfaceOptions = {}): Promise<TunInterface> {
    return this.#made(options, () => new TunInterface(this.core, options));
  }

  /** Ethernet frames as streams. @throws (rejects) SocketError ERR_INVALID_ARG_VALUE, EADDRINUSE, ENOSPC */
  async createTapInterface(options: TapInterfaceOptions = {}): Promise<TapInterface> {
    return this.#made(options, () => new TapInterface(this.core, options));
  }

  /** A switch between taps, on which this host is, too. @throws (rejects) SocketError ERR_INVALID_ARG_VALUE, EADDRINUSE, ENOSPC */
  async createBridgeInterface(options: BridgeInterfaceOptions): Promise<BridgeInterface> {
    return this.#made(options, () => new BridgeInterface(this.core, options));
  }

  /** Takes an interface away; its streams end. Harmless when repeated. */
  async removeInterface(netInterface: NetworkInterface): Promise<void> {
    if (!this.#interfaces.delete(netInterface)) return;
    netInterface.remove();
  }

  /** Ends the host: connections are reset, who waits for anything is told ECONNABORTED. Harmless when repeated. */
  async close(): Promise<void> {
    if (this.core.closed) return;
    const error = new SocketError('ECONNABORTED', 'the stack is closed');
    this.#sockets.close();
    for (const socket of [...this.#udp]) socket.fail(error);
    this.core.close();
    if (this.#ownDriver) this.driver.close();
  }

  async #addressOf(host: string, signal: AbortSignal | undefined): Promise<string> {
    const addresses = await lookUp(host, this.#resolve, signal);
    return addresses[0]!;
  }

  #made<T extends NetworkInterface>(options: unknown, make: () => T): T {
    checkOptions(options, 'an object');
    const made = guarded(make);
    this.#interfaces.add(made);
    return made;
  }
}

/** Makes a host. Nothing has to be waited for; `await` is harmless. @throws SocketError ERR_INVALID_ARG_VALUE */
export function createStack(options: WebStackOptions = {}): WebStack {
  checkOptions(options, 'an object');
  return new WebStack(options);
}

function checkOptions(options: unknown, expected: string): void {
  if (typeof options !== 'object' || options === null) throw badArgument('options', options, expected);
}
