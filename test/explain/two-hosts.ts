/** Two real hosts on a wire, what they do as told, and the trace of it. */

import type { Impairment } from '../../src/link/impairment.ts';
import { tap } from '../../src/link/index.ts';
import { type Wire, World } from '../../src/sim/world.ts';
import type { Stack, StackOptions } from '../../src/stack/index.ts';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';
import type { TraceEvent } from '../../src/trace/events.ts';

export const PORT = 80;
const DELAY = 20;

export interface TwoHostsOptions {
  readonly client?: Partial<StackOptions>;
  readonly server?: Partial<StackOptions>;
  readonly forth?: Partial<Impairment>;
  readonly back?: Partial<Impairment>;
  readonly seed?: number;
}

/** A packet on the wire, beside the client. */
export interface Captured {
  readonly time: number;
  readonly octets: Uint8Array;
}

export class TwoHosts {
  readonly events: TraceEvent[] = [];
  readonly packets: Captured[] = [];
  readonly world: World;
  readonly client: Stack;
  readonly server: Stack;
  readonly wire: Wire;
  readonly accepted: TcpSocket[] = [];

  constructor({ client = {}, server = {}, forth = {}, back = {}, seed = 1 }: TwoHostsOptions = {}) {
    this.world = new World({ seed, trace: (event) => this.events.push(event) });
    this.client = this.world.host('client', client);
    this.server = this.world.host('server', server);
    this.wire = this.world.join(this.client, this.server, {
      addresses: [['192.0.2.1/24'], ['192.0.2.2/24']],
      forth: { delay: DELAY, ...forth },
      back: { delay: DELAY, ...back },
      wrap: (link, host) =>
        tap(link, this.world.scheduler, (_direction, time, { buf, off, len }) => {
          if (host === this.client) this.packets.push({ time, octets: buf.slice(off, off + len) });
        }),
    });
  }

  listen(readsAtOnce = true): void {
    this.server.tcp.listen({
      port: PORT,
      onConnection: (socket) => {
        this.accepted.push(socket);
        if (readsAtOnce) socket.handler = { onReadable: readAll };
      },
    });
  }

  connect(readsAtOnce = true): TcpSocket {
    const socket = this.client.tcp.connect({ address: '192.0.2.2', port: PORT });
    if (readsAtOnce) socket.handler = { onReadable: readAll };
    return socket;
  }

  /** An open connection: the client's socket and the server's. */
  open(): [TcpSocket, TcpSocket] {
    this.listen();
    const socket = this.connect();
    this.pass(3 * DELAY);
    return [socket, this.accepted.at(-1)!];
  }

  pass(ms: number): void {
    this.world.run(this.world.now + ms);
  }
}

export function readAll(socket: TcpSocket): void {
  const target = new Uint8Array(65536);
  while (socket.read(target) > 0);
}

export function letters(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => 97 + (i % 26));
}
