/**
 * Owns: one UDP socket: where it is bound and connected, its bounded queue, its user's callbacks.
 */

import {
  type Address,
  ANY4,
  formatAddress,
  isMulticast,
  isUnspecified,
  parseAddress,
  sameAddress,
} from '../wire/address.ts';
import { invalidArgument, syscallError, TsynError } from './errors.ts';
import type { Path } from './paths.ts';
import type { Stack } from './stack.ts';
import type { IcmpError, IpView } from './transport.ts';
import { maxUdpData, overlap, type Udp } from './udp.ts';

export interface UdpSocketOptions {
  /** 4 or 6 for one family only; both by default. */
  readonly family?: 4 | 6;
  /** Octets queued at most, 256 of overhead for each datagram included; `config.udp.receiveBuffer` by default. */
  readonly receiveBuffer?: number;
  /** Whether it may send to broadcast addresses (EACCES otherwise, as SO_BROADCAST has it). */
  readonly broadcast?: boolean;
}

/** A datagram that came. */
export interface UdpMessage {
  /** The user's own copy. */
  readonly data: Uint8Array;
  readonly remote: Address;
  readonly port: number;
  /** Which address of ours (or group) it was sent to. */
  readonly local: Address;
  /** DSCP and ECN. */
  readonly tos: number;
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Octets counted for a queued datagram besides its data. */
const OVERHEAD = 256;

export class UdpSocket {
  readonly #stack: Stack;
  readonly #udp: Udp;
  /** Which families it speaks: an address of its own narrows that to one. */
  #v4: boolean;
  #v6: boolean;
  readonly #limit: number;
  readonly #broadcast: boolean;
  #local: Address | null = null;
  #port = 0;
  #remote: Address | null = null;
  #remotePort = 0;
  /** The path of the last datagram sent. */
  #path: Path | null = null;
  #pathPort = 0;
  readonly #messages: UdpMessage[] = [];
  #queued = 0;
  #onMessage: ((message: UdpMessage) => void) | null = null;
  #closed = false;
  /** An ICMP error came for what a connected socket sent: ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EMSGSIZE. */
  onError: ((error: TsynError) => void) | null = null;
  /** Hop limit of what is sent; 0 stands for `config.ip.ttl`. */
  ttl = 0;
  /** DSCP and ECN of what is sent. */
  tos = 0;

  /** For `stack.openUdp`. */
  constructor(stack: Stack, udp: Udp, options: UdpSocketOptions) {
    const { family, receiveBuffer = stack.config.udp.receiveBuffer } = options;
    if (family !== undefined && family !== 4 && family !== 6) throw invalidArgument('family', family, '4 or 6');
    if (!Number.isInteger(receiveBuffer) || receiveBuffer < OVERHEAD) {
      throw invalidArgument('receiveBuffer', receiveBuffer, `an integer of ${OVERHEAD} at least`);
    }
    this.#stack = stack;
    this.#udp = udp;
    this.#v4 = family !== 6;
    this.#v6 = family !== 4;
    this.#limit = receiveBuffer;
    this.#broadcast = options.broadcast ?? false;
  }

  /** Octets queued, overhead included. */
  get queuedBytes(): number {
    return this.#queued;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The local port; 0 before it is bound. */
  get port(): number {
    return this.#port;
  }

  /** Called with each datagram. While it is null they are queued; setting it delivers the queue. */
  get onMessage(): ((message: UdpMessage) => void) | null {
    return this.#onMessage;
  }

  set onMessage(handler: ((message: UdpMessage) => void) | null) {
    this.#onMessage = handler;
    this.flush();
  }

  /** The oldest datagram queued, or null. */
  receive(): UdpMessage | null {
    const message = this.#messages.shift();
    if (message === undefined) return null;
    this.#queued -= message.data.length + OVERHEAD;
    return message;
  }

  /** The local address and port; the address is `0.0.0.0` or `::` where it is bound to any. */
  address(): Endpoint {
    const any = this.#v6 ? '::' : '0.0.0.0';
    return { address: this.#local === null ? any : formatAddress(this.#local), port: this.#port };
  }

  /** The endpoint it is connected to, or null. */
  remoteAddress(): Endpoint | null {
    return this.#remote === null ? null : { address: formatAddress(this.#remote), port: this.#remotePort };
  }

  /**
   * Takes a local port (0 or none: an ephemeral one) and perhaps one address.
   *
   * @throws TsynError EINVAL (bound already), EADDRNOTAVAIL (not ours), EADDRINUSE, ERR_INVALID_ARG_VALUE
   */
  bind(where: { readonly address?: string; readonly port?: number } = {}): void {
    this.#open('bind');
    const { address: text, port = 0 } = where;
    if (this.#port !== 0) throw syscallError('EINVAL', 'bind', text, port);
    checkPort(port, 0);
    let local: Address | null = null;
    if (text !== undefined) {
      local = this.#parse(text);
      if (isUnspecified(local)) local = null;
      else if (!this.#stack.isLocal(local)) throw syscallError('EADDRNOTAVAIL', 'bind', text, port);
    }
    const v4 = this.#v4 && local?.family !== 6;
    const v6 = this.#v6 && local?.family !== 4;
    if (port === 0) {
      const inUse = (p: number): boolean => this.#udp.inUse(p, local, v4, v6, this);
      const chosen = this.#stack.ports.choose(ANY4, ANY4, 0, inUse);
      if (chosen === 0) throw syscallError('EADDRINUSE', 'bind', text, port);
      this.#take(local, chosen);
    } else {
      if (this.#udp.inUse(port, local, v4, v6, this)) throw syscallError('EADDRINUSE', 'bind', text, port);
      this.#take(local, port);
    }
  }

  /**
   * Names the one remote endpoint: what others send is not for this socket then, and ICMP errors reach `onError`.
   *
   * @throws TsynError ENETUNREACH, EADDRNOTAVAIL, EADDRINUSE, EACCES, ERR_INVALID_ARG_VALUE
   */
  connect(remote: Endpoint): void {
    this.#open('connect');
    const path = this.#pathTo('connect', remote);
    if (this.#port === 0) {
      const { family } = path;
      const inUse = (p: number): boolean => this.#udp.inUse(p, path.local, family === 4, family === 6, this);
      const port = this.#stack.ports.choose(path.local, path.remote, remote.port, inUse);
      if (port === 0) throw syscallError('EADDRINUSE', 'connect', remote.address, remote.port);
      this.#take(path.local, port);
    }
    this.#narrow(path.local);
    this.#remote = path.remote;
    this.#remotePort = remote.port;
  }

  /**
   * Sends one datagram: to `to`, or to whom the socket is connected. A socket that is not bound takes an ephemeral port.
   * What is on the way may be lost; only what is known here and now is an error.
   *
   * @throws TsynError EBADF (closed), EDESTADDRREQ, EISCONN, EMSGSIZE, EACCES (broadcast), ENETUNREACH, EADDRNOTAVAIL,
   *   EADDRINUSE (no port free), ERR_INVALID_ARG_VALUE
   */
  send(data: Uint8Array, to?: Endpoint): void {
    this.#open('send');
    if (to !== undefined && this.#remote !== null) throw syscallError('EISCONN', 'send', to.address, to.port);
    const path = to === undefined ? this.#connectedPath() : this.#pathTo('send', to);
    const port = to === undefined ? this.#remotePort : to.port;
    if (data.length > maxUdpData(path.family)) throw syscallError('EMSGSIZE', 'send', formatAddress(path.remote), port);
    if (this.#port === 0) this.bind();
    this.#path = path;
    this.#pathPort = port;
    this.#udp.send(path, this.#port, port, data, this.ttl, this.tos);
  }

  /** Gives up the port; what is queued is dropped. Harmless when repeated. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#udp.leave(this, this.#port);
    this.#messages.length = 0;
    this.#queued = 0;
    this.#onMessage = null;
  }

  // For `Udp`.

  overlaps(local: Address | null, v4: boolean, v6: boolean): boolean {
    return ((v4 && this.#v4) || (v6 && this.#v6)) && overlap(this.#local, local);
  }

  /** How well a datagram fits: -1 not at all, more for an address bound, most for the endpoint connected to. */
  score(ip: IpView, srcPort: number): number {
    if (ip.family === 4 ? !this.#v4 : !this.#v6) return -1;
    let score = 0;
    if (this.#local !== null && !ip.broadcast) {
      if (!sameAddress(this.#local, ip.dst)) return -1;
      score++;
    }
    if (this.#remote !== null) {
      if (srcPort !== this.#remotePort || !sameAddress(this.#remote, ip.src)) return -1;
      score += 2;
    }
    return score;
  }

  /** Whether this socket may have sent what an error quotes. */
  sentTo(family: 4 | 6, local: Address, remote: Address, port: number): boolean {
    if (family === 4 ? !this.#v4 : !this.#v6) return false;
    if (this.#local !== null && !sameAddress(this.#local, local)) return false;
    if (this.#remote !== null) return port === this.#remotePort && sameAddress(this.#remote, remote);
    return this.#path !== null && port === this.#pathPort && sameAddress(this.#path.remote, remote);
  }

  /** Passes on an error, if the socket is connected (RFC 1122 4.1.3.3; others could not tell what it is about). */
  errorIn(error: IcmpError): void {
    if (this.#remote === null || this.onError === null) return;
    const code =
      error.kind === 'packet-too-big'
        ? 'EMSGSIZE'
        : error.hard
          ? 'ECONNREFUSED'
          : error.kind === 'unreachable' && error.code === 0
            ? 'ENETUNREACH'
            : 'EHOSTUNREACH';
    this.onError(syscallError(code, 'send', formatAddress(this.#remote), this.#remotePort));
  }

  hasRoom(length: number): boolean {
    return this.#queued + length + OVERHEAD <= this.#limit;
  }

  queue(message: UdpMessage): void {
    this.#messages.push(message);
    this.#queued += message.data.length + OVERHEAD;
  }

  /** Hands what is queued to the user's callback, if there is one. */
  flush(): void {
    while (this.#onMessage !== null) {
      const message = this.receive();
      if (message === null) return;
      this.#onMessage(message);
    }
  }

  #narrow(local: Address | null): void {
    this.#local = local;
    if (local === null) return;
    this.#v4 &&= local.family === 4;
    this.#v6 &&= local.family === 6;
  }

  #take(local: Address | null, port: number): void {
    this.#narrow(local);
    this.#port = port;
    this.#udp.enter(this, port);
  }

  #connectedPath(): Path {
    if (this.#remote === null) throw syscallError('EDESTADDRREQ', 'send');
    const path = this.#stack.paths.find(this.#remote, this.#local);
    if (typeof path === 'string') {
      throw syscallError('ENETUNREACH', 'send', formatAddress(this.#remote), this.#remotePort);
    }
    return path;
  }

  #pathTo(syscall: string, to: Endpoint): Path {
    checkPort(to.port, 1);
    const remote = this.#parse(to.address);
    const path = this.#stack.paths.find(remote, this.#local);
    if (path === 'no-route') throw syscallError('ENETUNREACH', syscall, to.address, to.port);
    if (path === 'no-source') throw syscallError('EADDRNOTAVAIL', syscall, to.address, to.port);
    if (path.broadcast && !isMulticast(remote) && !this.#broadcast) {
      throw syscallError('EACCES', syscall, to.address, to.port);
    }
    return path;
  }

  #parse(text: string): Address {
    const address = parseAddress(text);
    if (address === null || (address.family === 4 ? !this.#v4 : !this.#v6)) {
      throw invalidArgument('address', text, "an address of the socket's family");
    }
    return address;
  }

  #open(syscall: string): void {
    if (this.#closed) throw new TsynError('EBADF', `${syscall} EBADF`, { syscall });
  }
}

function checkPort(port: number, least: number): void {
  if (!Number.isInteger(port) || port < least || port > 65_535) {
    throw invalidArgument('port', port, `an integer from ${least} to 65535`);
  }
}
