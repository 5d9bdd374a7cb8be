/**
 * Owns: the life of one connection behind its two streams: who hears of what when it opens, ends, fails or is given up.
 * Leaves to others: the streams (`incoming.ts`, `outgoing.ts`), where to connect (`sockets.ts`), what users hold (`socket.ts`).
 *
 * Whatever happens, every promise of the connection is settled: `#end` is the only way out, and it settles them all.
 */

import type { TsynError } from '../stack/errors.ts';
import type { TcpHandler, TcpSocket } from '../stack/tcp-socket.ts';
import { formatEndpoint } from '../wire/address.ts';
import { abortError, SocketError, socketError } from './errors.ts';
import { Incoming } from './incoming.ts';
import { Outgoing } from './outgoing.ts';
import { Deferred, onAbort } from './settle.ts';
import type { SocketInfo } from './socket.ts';

/** Whoever keeps count of connections: to keep a process alive meanwhile, and to end them with the stack. */
export interface Keeper {
  enter(connection: Connection): void;
  leave(connection: Connection): void;
  /** Has something run once everything at hand is done. */
  later(run: () => void): void;
}

/** What a listener leaves for a connection that was over before anybody accepted it. */
export class Ended {
  readonly error: TsynError | null;

  constructor(error: TsynError | null) {
    this.error = error;
  }
}

export class Connection implements TcpHandler {
  readonly incoming: Incoming;
  readonly outgoing: Outgoing;
  readonly opened: Deferred<SocketInfo> = new Deferred();
  readonly closed: Deferred<void> = new Deferred();
  tcp: TcpSocket | null = null;
  /** Called where an attempt to connect failed; null once it is open. */
  onRefused: ((error: SocketError) => void) | null = null;
  readonly #keeper: Keeper;
  readonly #allowHalfOpen: boolean;
  readonly #unlisten: () => void;
  /** The promises are settled. TCP may still be closing. */
  #over = false;

  constructor(keeper: Keeper, allowHalfOpen: boolean, signal: AbortSignal | undefined) {
    this.#keeper = keeper;
    this.#allowHalfOpen = allowHalfOpen;
    this.incoming = new Incoming(
      () => this.#peerEnded(),
      () => this.#halfGivenUp(),
    );
    this.outgoing = new Outgoing(
      (reason) => this.abort(reason instanceof SocketError ? reason : abortError(reason)),
      () => this.#halfGivenUp(),
    );
    keeper.enter(this);
    this.#unlisten = onAbort(signal, (reason) => this.abort(abortError(reason)));
  }

  get over(): boolean {
    return this.#over;
  }

  /** Takes a connection that is established already. */
  adopt(tcp: TcpSocket): void {
    this.tcp = tcp;
    const { context } = tcp;
    tcp.handler = this;
    tcp.context = null;
    this.onConnect(tcp);
    if (context instanceof Ended) this.onClose(tcp, context.error);
  }

  // TcpHandler. An attempt that was given up for another one may still have something to say.

  onConnect(tcp: TcpSocket): void {
    if (tcp !== this.tcp || this.#over) return;
    this.onRefused = null;
    this.opened.resolve({
      remoteAddress: formatEndpoint(tcp.remote, tcp.remotePort),
      localAddress: formatEndpoint(tcp.local, tcp.localPort),
      alpn: null,
    });
    this.outgoing.attach(tcp);
    this.incoming.attach(tcp);
  }

  onReadable(tcp: TcpSocket): void {
    if (tcp === this.tcp) this.incoming.news();
  }

  onEnd(tcp: TcpSocket): void {
    if (tcp === this.tcp) this.incoming.news();
  }

  onWritable(tcp: TcpSocket): void {
    if (tcp === this.tcp) this.outgoing.news();
  }

  onClose(tcp: TcpSocket, error: TsynError | null): void {
    if (tcp !== this.tcp) return;
    if (this.onRefused !== null && !this.#over) {
      this.onRefused(error === null ? new SocketError('ECONNABORTED', 'connect ECONNABORTED') : socketError(error));
      return;
    }
    if (error !== null) {
      this.#end(socketError(error), false);
    } else {
      this.incoming.over();
      this.outgoing.finish();
      this.#end(null, false);
    }
    this.#leave();
  }

  // What the user does.

  /** Reset: nothing is kept, the port is free at once. */
  abort(error: SocketError): void {
    const { tcp } = this;
    this.#end(error, true);
    tcp?.abort();
    this.#leave();
  }

  /** Both directions end now; what was written is still delivered. The promise does not wait for that. */
  close(reason: unknown): Promise<void> {
    if (this.#over) return this.closed.promise;
    const { tcp } = this;
    this.incoming.finish();
    if (tcp !== null && this.onRefused === null) {
      this.outgoing.fail(new SocketError('ERR_STREAM_DESTROYED', 'the socket was closed', { cause: reason }));
      this.#end(null, true);
      tcp.destroy();
    } else {
      const message = 'the socket was closed before the connection was established';
      const error = new SocketError('ERR_SOCKET_CLOSED_BEFORE_CONNECTION', message, { cause: reason });
      this.outgoing.fail(error);
      this.opened.reject(error);
      this.#end(null, true);
      tcp?.abort();
      this.#leave();
    }
    return this.closed.promise;
  }

  #peerEnded(): void {
    if (this.#allowHalfOpen) return;
    // A turn later: what pipes and readers do in answer to the last octets comes first.
    this.#keeper.later(() => {
      if (!this.#over) this.outgoing.end();
    });
  }

  /** One direction was given up or closed by us: where both are, so is the connection. */
  #halfGivenUp(): void {
    if (this.incoming.discarding && this.outgoing.closed) this.tcp?.destroy();
  }

  #end(error: SocketError | null, atOnce: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.onRefused = null;
    if (error === null) {
      this.closed.resolve();
      return;
    }
    this.incoming.fail(error, atOnce);
    this.outgoing.fail(error);
    this.opened.reject(error);
    this.closed.reject(error);
  }

  /** TCP is done with it, too. */
  #leave(): void {
    this.#unlisten();
    this.#keeper.leave(this);
  }
}
