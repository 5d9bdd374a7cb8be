/** Whatever users do, in whatever order: nothing is left pending, every rejection is typed, every port is free in the end. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Socket, SocketError } from '../../src/web/index.ts';
import { B, type Pair, pair, turns } from './pair.ts';

type Side = 'client' | 'server';
type Act =
  | { readonly act: 'write' | 'read' | 'byob'; readonly side: Side; readonly octets: number }
  | { readonly act: 'end' | 'abortWritable' | 'cancel' | 'close' | 'signal'; readonly side: Side }
  | { readonly act: 'closeListener' | 'turn' | 'wait' | 'accept' };

const side = fc.constantFrom<Side>('client', 'server');
const acts: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ act: fc.constantFrom('write', 'read', 'byob'), side, octets: fc.nat(200_000) }) },
  {
    weight: 4,
    arbitrary: fc.record({ act: fc.constantFrom('end', 'abortWritable', 'cancel', 'close', 'signal'), side }),
  },
  { weight: 4, arbitrary: fc.record({ act: fc.constantFrom('closeListener', 'turn', 'wait', 'accept') }) },
) as fc.Arbitrary<Act>;

/** Promises and what became of them. */
class Watch {
  readonly pending: Map<Promise<unknown>, string> = new Map();
  readonly untyped: string[] = [];

  on(name: string, promise: Promise<unknown>): void {
    this.pending.set(promise, name);
    promise.then(
      () => this.pending.delete(promise),
      (error: unknown) => {
        this.pending.delete(promise);
        // A stream's own words about itself (closed, locked) are the platform's.
        const typed = error instanceof SocketError || error === REASON || isPlatforms(error);
        if (!typed) this.untyped.push(`${name}: ${String(error)}`);
      },
    );
  }
}

const REASON = new Error('the test has aborted');

function isPlatforms(error: unknown): boolean {
  const { code, name } = error as { code?: string; name?: string };
  return name === 'TypeError' || code === 'ERR_INVALID_STATE' || code === 'ERR_INTERNAL_ASSERTION';
}

class Play {
  readonly watch: Watch = new Watch();
  readonly abort: AbortController = new AbortController();
  readonly net: Pair;
  readonly sockets: Map<Side, Socket> = new Map();
  readonly listener;

  constructor(net: Pair, halfOpen: boolean) {
    this.net = net;
    this.listener = net.b.listen({ port: 80, allowHalfOpen: halfOpen });
    const { signal } = this.abort;
    this.enter('client', net.a.connect(`${B}:80`, { signal, allowHalfOpen: halfOpen }));
  }

  enter(name: Side, socket: Socket): void {
    this.sockets.set(name, socket);
    this.watch.on(`${name}.opened`, socket.opened);
    this.watch.on(`${name}.closed`, socket.closed);
  }

  async do(act: Act): Promise<void> {
    switch (act.act) {
      case 'turn':
        return turns(0);
      case 'wait':
        return turns(5);
      case 'closeListener':
        this.watch.on('listener.close', this.listener.close());
        return;
      case 'accept':
        this.watch.on(
          'accept',
          this.listener.accept().then((socket) => this.enter('server', socket)),
        );
        return;
    }
    const socket = this.sockets.get(act.side);
    if (socket !== undefined) this.#use(socket, act);
  }

  #use(socket: Socket, act: Extract<Act, { side: Side }>): void {
    const { readable, writable } = socket;
    const name = `${act.side}.${act.act}`;
    const watch = (promise: Promise<unknown>): void => this.watch.on(name, promise);
    switch (act.act) {
      case 'write':
        if (!writable.locked) using(writable.getWriter(), (writer) => watch(writer.write(new Uint8Array(act.octets))));
        return;
      case 'end':
        if (!writable.locked) watch(writable.close());
        return;
      case 'abortWritable':
        watch(writable.abort(REASON));
        return;
      case 'read':
        if (!readable.locked) void once(readable.getReader(), (reader) => reader.read(), watch);
        return;
      case 'byob': {
        const view = new Uint8Array(act.octets + 1);
        if (!readable.locked) void once(readable.getReader({ mode: 'byob' }), (reader) => reader.read(view), watch);
        return;
      }
      case 'cancel':
        watch(readable.cancel(REASON));
        return;
      case 'close':
        watch(socket.close(REASON));
        return;
      case 'signal':
        if (act.side === 'client') this.abort.abort(REASON);
    }
  }
}

function using(writer: WritableStreamDefaultWriter, work: (writer: WritableStreamDefaultWriter) => void): void {
  writer.closed.catch(() => {});
  writer.ready.catch(() => {});
  try {
    work(writer);
  } catch {
    // Node 20 throws an assertion of its own where a stream is closed.
  }
  writer.releaseLock();
}

async function once<R extends { closed: Promise<unknown>; releaseLock(): void }>(
  reader: R,
  work: (reader: R) => Promise<unknown>,
  watch: (promise: Promise<unknown>) => void,
): Promise<void> {
  reader.closed.catch(() => {});
  const read = work(reader);
  watch(read);
  await read.catch(() => {});
  reader.releaseLock();
}

describe('whatever is done to connections', () => {
  it('nothing is left pending when both ends are closed, and no port is taken', async () => {
    let connections = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(acts, { maxLength: 14 }), fc.boolean(), async (list, halfOpen) => {
        const play = new Play(pair({ tcp: { sendBuffer: 65_536, receiveBuffer: 65_536 } }), halfOpen);
        for (const act of list) await play.do(act);
        play.watch.on('last listener', play.listener.close());
        await turns(2); // a connection may have been accepted just now
        for (const socket of play.sockets.values()) play.watch.on('last close', socket.close());
        await turns(2);
        connections += play.sockets.size;
        expect([...play.watch.pending.values()]).toEqual([]);
        expect(play.watch.untyped).toEqual([]);
        for (const stack of [play.net.a.core, play.net.b.core]) {
          const left = stack.sockets().map(({ state }) => state);
          expect(left.filter((state) => state !== 'TIME-WAIT' && !state.startsWith('FIN-WAIT'))).toEqual([]);
        }
        await play.net.close();
        expect(play.net.driver.retained).toBe(0);
      }),
      { numRuns: 150 },
    );
    expect(connections).toBeGreaterThan(150);
  });

  it('nothing is left pending when a stack goes away in the midst of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(acts, { maxLength: 10 }), fc.boolean(), async (list, halfOpen) => {
        const play = new Play(pair(), halfOpen);
        for (const act of list) await play.do(act);
        await play.net.close();
        await turns(1);
        expect([...play.watch.pending.values()]).toEqual([]);
        expect(play.watch.untyped).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
