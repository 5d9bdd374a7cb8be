/** Owns: a listening port as `net.Server` holds it: connections are told one a turn. Leaves to others: `tcp-handle.ts`. */

import { AsyncResource } from 'node:async_hooks';
import type { TsynError } from '../../stack/errors.ts';
import type { TcpListener } from '../../stack/tcp-listener.ts';
import type { TcpSocket } from '../../stack/tcp-socket.ts';
import { type Address, ANY4, ANY6, formatAddress, isUnspecified, parseAddress } from '../../wire/address.ts';
import { fillName, type Name } from './ends.ts';
import type { NetHost, Turn } from './host.ts';
import { TcpHandle } from './tcp-handle.ts';

export class ListenHandle extends AsyncResource implements Turn {
  /** Called with an error, which there never is, and the connection: packages wrap it. */
  onconnection: ((error: unknown, handle: TcpHandle) => void) | null = null;
  readonly #host: NetHost;
  readonly #address: Address;
  readonly #ipv6Only: boolean;
  #port: number;
  #listener: TcpListener | null = null;
  /** Accepted, and not yet told. */
  readonly #waiting: TcpHandle[] = [];
  #closed: (() => void) | null = null;
  #referenced = true;
  #holding = false;
  #posted = false;

  private constructor(host: NetHost, address: Address, port: number, ipv6Only: boolean) {
    super('TCPSERVERWRAP', { requireManualDestroy: true });
    this.#host = host;
    this.#address = address;
    this.#port = port;
    this.#ipv6Only = ipv6Only;
  }

  /** @returns the handle, or the error's code */
  static open(host: NetHost, address: string, port: number, ipv6Only: boolean): ListenHandle | string {
    const local = parseAddress(address);
    if (local === null) return 'EINVAL';
    if (!isUnspecified(local) && !host.stack.isLocal(local)) return 'EADDRNOTAVAIL';
    return new ListenHandle(host, local, port, ipv6Only);
  }

  getAsyncId(): number {
    return this.asyncId();
  }

  /** @returns the error's code, or null; the port is known from then on */
  listen(backlog: number): string | null {
    const address = this.#address;
    const any = isUnspecified(address);
    const queue = Math.min(Math.max(Math.trunc(backlog), 1), 65_535);
    try {
      this.#listener = this.#host.stack.tcp.listen({
        port: this.#port,
        address: any ? (address.family === 4 ? '0.0.0.0' : '::') : formatAddress(address),
        ipv6Only: this.#ipv6Only,
        backlog: queue,
        onConnection: (tcp) => this.#accept(tcp),
      });
    } catch (error) {
      return (error as TsynError).code;
    }
    this.#port = this.#listener.port;
    this.#refer();
    return null;
  }

  /** @returns 0, as libuv's do: packages put theirs in its place */
  getsockname(out: Name): number {
    const { family } = this.#address;
    const local = isUnspecified(this.#address) ? (family === 4 ? ANY4 : ANY6) : this.#address;
    fillName(out, local, this.#port, family === 6);
    return 0;
  }

  /** Listens no more; connections that were not told of are reset. */
  close(done?: () => void): void {
    if (this.#closed !== null) return;
    this.#closed = done ?? nothing;
    this.#listener?.close();
    for (const handle of this.#waiting.splice(0)) handle.reset();
    this.#post();
    this.#refer();
  }

  ref(): void {
    this.#referenced = true;
    this.#refer();
  }

  unref(): void {
    this.#referenced = false;
    this.#refer();
  }

  hasRef(): boolean {
    return this.#referenced;
  }

  /** Tells of one connection. */
  turn(): void {
    this.#posted = false;
    const closed = this.#closed;
    if (closed !== null) {
      this.runInAsyncScope(closed);
      return;
    }
    const handle = this.#waiting.shift();
    try {
      if (handle !== undefined) this.runInAsyncScope(() => this.onconnection?.(null, handle));
      this.#host.deliver();
    } finally {
      if (this.#waiting.length > 0) this.#post();
    }
  }

  #accept(tcp: TcpSocket): void {
    const v6 = this.#address.family === 6;
    this.#waiting.push(this.#host.outside.runInAsyncScope(() => TcpHandle.accepted(this.#host, tcp, v6)));
    this.#post();
  }

  #post(): void {
    if (this.#posted) return;
    this.#posted = true;
    this.#host.post(this, this.#holding);
  }

  #refer(): void {
    const holds = this.#referenced && this.#listener !== null && this.#closed === null;
    if (holds === this.#holding) return;
    this.#holding = holds;
    if (holds) this.#host.hold();
    else this.#host.release();
  }
}

function nothing(): void {}
