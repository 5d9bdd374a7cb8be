/** Two hosts on the event loop, each with a clock and pool of its own, and the conversation that a link has to carry. */

import { afterEach } from 'vitest';
import type { Link } from '../../../src/link/link.ts';
import { EventLoopDriver } from '../../../src/node/driver.ts';
import { systemRandom } from '../../../src/node/entropy.ts';
import { Stack } from '../../../src/stack/stack.ts';
import type { TcpSocket } from '../../../src/stack/tcp-socket.ts';
import { StrictPool } from '../../helpers/links.ts';

export interface Host {
  readonly stack: Stack;
  readonly pool: StrictPool;
  /** Ends the host and its links, and looks that no packet is missing. */
  close(): void;
}

export function createHost(): Host {
  const driver = new EventLoopDriver();
  const pool = new StrictPool();
  const stack = new Stack({ scheduler: driver.scheduler, random: systemRandom, pool });
  return {
    stack,
    pool,
    close() {
      stack.close();
      driver.close();
      if (pool.out > 0) throw new Error(`${pool.out} packets were not given back`);
    },
  };
}

/** Gives host number `n` the link: 10.0.0.n and fd00::n. */
export function plug(host: Host, link: Link, n: number): void {
  const mac = link.medium === 'ethernet' ? { mac: `02:00:00:00:00:0${n}` } : {};
  host.stack.addInterface({ link, addresses: [`10.0.0.${n}/24`, `fd00::${n}/64`], ...mac });
}

function pattern(length: number): Uint8Array {
  const octets = new Uint8Array(length);
  for (let i = 0; i < length; i++) octets[i] = (i * 31 + (i >> 8)) & 0xff;
  return octets;
}

/** Writes as the send buffer takes it, then closes the direction. */
function sendAll(socket: TcpSocket, text: Uint8Array): () => void {
  let at = 0;
  return () => {
    at += socket.write(text, at, text.length - at);
    if (at === text.length) socket.end();
  };
}

/** Reads until the end. */
function collect(into: number[]): (socket: TcpSocket) => void {
  return (socket) => {
    for (let view = socket.peek(); view.length > 0; view = socket.peek()) {
      for (const octet of view) into.push(octet);
      socket.consume(view.length);
    }
  };
}

/**
 * A client at `a` sends `length` octets and closes its direction; only then the server at `b` sends as many back.
 *
 * @returns what went wrong; null where all came as it was sent
 */
export function converse(a: Host, b: Host, address: string, length: number = 200_000): Promise<string | null> {
  const text = pattern(length);
  const there: number[] = [];
  const back: number[] = [];
  return new Promise((resolve) => {
    const fail = (who: string) => (_: TcpSocket, error: Error | null) => error !== null && resolve(`${who}: ${error}`);
    const listener = b.stack.tcp.listen({
      port: 7,
      onConnection(socket) {
        const write = sendAll(socket, text);
        socket.handler = { onReadable: collect(there), onEnd: write, onWritable: write, onClose: fail('server') };
      },
    });
    const socket = a.stack.tcp.connect({ address, port: 7 });
    const write = sendAll(socket, text);
    socket.handler = {
      onConnect: write,
      onWritable: write,
      onReadable: collect(back),
      onEnd() {
        listener.close();
        const same = (got: number[]): boolean => Buffer.compare(Buffer.from(got), text) === 0;
        resolve(same(there) && same(back) ? null : `${there.length} octets there and ${back.length} back, or changed`);
      },
      onClose: fail('client'),
    };
  });
}

/** Makes hosts for the tests of a file, and closes those of a test after it. */
export function hostMaker(): () => Host {
  const hosts: Host[] = [];
  afterEach(() => {
    for (const one of hosts.splice(0)) one.close();
  });
  return () => {
    const one = createHost();
    hosts.push(one);
    return one;
  };
}
