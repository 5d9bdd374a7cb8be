/** A peer of the services, in virtual time: writes what it is told, reads as fast as it is told. */

import type { Observer } from '../../src/cli/conversation.ts';
import type { ServiceLimits, ServiceName } from '../../src/cli/services.ts';
import { ServiceHost } from '../../src/cli/services.ts';
import type { TsynError } from '../../src/stack/index.ts';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';
import type { TcpOptions } from '../../src/tcp/index.ts';
import { type Judged, judgedPair } from '../helpers/conversation.ts';
import { bytes } from '../helpers/endpoint.ts';

/** Host b serves `service` on port 80; host a is the client's. */
export function served(
  service: ServiceName,
  observer: Observer = {},
  limits: ServiceLimits = {},
  tcp: Partial<TcpOptions> = {},
): { pair: Judged; services: ServiceHost } {
  const pair = judgedPair(1, { forth: { delay: 5 }, back: { delay: 5 } }, tcp);
  const services = new ServiceHost(pair.b, observer, limits);
  services.listen(service, 80);
  return { pair, services };
}

export class Client {
  readonly socket: TcpSocket;
  readonly pair: Judged;
  received: Uint8Array = new Uint8Array(0);
  /** The service has closed its direction. */
  ended = false;
  closed = false;
  error: string | null = null;
  /** Octets it takes as they come; more only with `read`. */
  reading = true;
  #rest: Uint8Array = new Uint8Array(0);
  #end = false;

  constructor(pair: Judged, options: Partial<TcpOptions> = {}) {
    this.pair = pair;
    this.socket = pair.a.tcp.connect({ address: '10.0.0.2', port: 80, options });
    this.socket.handler = {
      onConnect: () => this.#write(),
      onWritable: () => this.#write(),
      onReadable: () => {
        if (this.reading) this.read();
      },
      onEnd: () => {
        this.ended = true;
      },
      onClose: (_: TcpSocket, error: TsynError | null) => {
        this.closed = true;
        this.error = error === null ? null : error.code;
      },
    };
    pair.world.run(pair.world.now + 50);
  }

  get text(): string {
    return Buffer.from(this.received).toString('latin1');
  }

  /** Virtual time goes on. */
  pass(ms: number): this {
    this.pair.world.run(this.pair.world.now + ms);
    return this;
  }

  /** Writes, as fast as the connection takes it, and lets a second pass. */
  say(data: string | Uint8Array, ms = 1000): this {
    const more = typeof data === 'string' ? bytes(data) : data;
    this.#rest = concat(this.#rest, more);
    this.#write();
    return this.pass(ms);
  }

  /** Closes this direction when all is written. */
  end(ms = 1000): this {
    this.#end = true;
    this.#write();
    return this.pass(ms);
  }

  /** Takes at most `count` octets of what has come. */
  read(count: number = Infinity): void {
    const target = new Uint8Array(Math.min(this.socket.readableLength, count));
    this.socket.read(target);
    this.received = concat(this.received, target);
  }

  /** What has come so far; it is forgotten then. */
  took(): string {
    const { text } = this;
    this.received = new Uint8Array(0);
    return text;
  }

  #write(): void {
    if (this.socket.state !== 'ESTABLISHED' && this.socket.state !== 'CLOSE-WAIT') return;
    while (this.#rest.length > 0) {
      const taken = this.socket.write(this.#rest);
      this.#rest = this.#rest.subarray(taken);
      if (this.#rest.length > 0) return;
    }
    if (this.#end) this.socket.end();
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
