import { once } from 'node:events';
import hostNet, { type AddressInfo, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createProxy, type ProxyNet } from '../../../programs/proxy.mjs';
import tsynNet from '../../../src/node/net/index.ts';

const HOST = '127.0.0.1';

/** What an end does: writes so many octets, ends, resets, or waits until everybody has what was written. */
type Act = { end: 'client' | 'server'; does: 'write'; octets: number } | { end: 'client' | 'server'; does: Verb };
type Verb = 'end' | 'reset' | 'settle';

/** One end of the way through the proxy, and what has happened to it. */
class End {
  readonly socket: Socket;
  readonly sent: Buffer[] = [];
  readonly received: Buffer[] = [];
  ended = false;
  reset = false;
  sawEnd = false;
  error: string | null = null;
  closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (data: Buffer) => this.received.push(data));
    socket.on('end', () => {
      this.sawEnd = true;
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code ?? error.message;
    });
    socket.on('close', () => {
      this.closed = true;
    });
  }

  write(octets: number): void {
    if (this.ended || this.reset || this.closed) return;
    const text = Buffer.alloc(octets, this.sent.length);
    this.sent.push(text);
    this.socket.write(text);
  }

  finish(): void {
    if (this.ended || this.reset || this.closed) return;
    this.ended = true;
    this.socket.end();
  }

  break(): void {
    if (this.reset || this.closed) return;
    this.reset = true;
    this.socket.resetAndDestroy();
  }
}

const octetsOf = (pieces: readonly Buffer[]): number => pieces.reduce((sum, piece) => sum + piece.length, 0);

/** Waits, turn by turn. @throws Error naming what it waited for */
async function until(holds: () => boolean, what: string): Promise<void> {
  const limit = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > limit) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function listening(server: Server): Promise<number> {
  server.listen(0, HOST);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Plays a story through a proxy and checks that each end has seen what the other did. */
async function play(net: ProxyNet, make: typeof createProxy, story: readonly Act[]): Promise<void> {
  let server: End | null = null;
  const target = net.createServer({ allowHalfOpen: true }, (socket) => {
    server = new End(socket);
  });
  const proxy = make(net, { host: HOST, port: await listening(target) });
  const client = new End(net.connect({ host: HOST, port: await listening(proxy), allowHalfOpen: true }));
  // A reset may come before the proxy has taken the connection: then there is no other end.
  await once(client.socket, 'connect');
  const there = async (): Promise<End | null> => {
    await until(() => server !== null || client.closed, 'the connection to the server');
    return server;
  };
  for (const act of story) {
    const end = act.end === 'client' ? client : await there();
    if (act.does === 'write') end?.write(act.octets);
    else if (act.does === 'end') end?.finish();
    else if (act.does === 'reset') end?.break();
    else await settle(client, await there());
  }
  if (!client.reset) await there();
  await judge(client, server);
  proxy.close();
  target.close();
  await until(() => !proxy.listening && !target.listening, 'the servers to close');
  await until(() => client.closed && (server === null || (server as End).closed), 'both ends to close');
}

/** Until everything has arrived, where nothing was reset. */
async function settle(client: End, server: End | null): Promise<void> {
  if (server === null || client.reset || server.reset) return;
  const arrived = (from: End, to: End): boolean =>
    to.closed || (octetsOf(to.received) === octetsOf(from.sent) && to.sawEnd === from.ended);
  await until(() => arrived(client, server) && arrived(server, client), 'what was written to arrive');
}

async function judge(client: End, server: End | null): Promise<void> {
  if (server === null) {
    expect(client.reset).toBe(true);
    return;
  }
  if (!client.reset && !server.reset) {
    client.finish();
    server.finish();
    await until(() => client.closed && server.closed, 'both ends to close');
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      expect(Buffer.concat(to.received).equals(Buffer.concat(from.sent))).toBe(true);
      expect([to.sawEnd, to.error]).toEqual([true, null]);
    }
    return;
  }
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    // What arrived before the reset is what was sent, from the beginning.
    const got = Buffer.concat(to.received);
    expect(got.equals(Buffer.concat(from.sent).subarray(0, got.length))).toBe(true);
    if (to.sawEnd) expect([from.ended, got.length]).toEqual([true, octetsOf(from.sent)]);
    if (!from.reset || to.reset) continue;
    // Who has heard the end of the other hears of the reset when it writes, as without a proxy.
    await until(() => {
      to.write(1);
      return to.closed || (to.ended && to.sawEnd);
    }, 'the other end to hear of the reset');
    if (from.ended && to.ended) to.socket.destroy();
    else expect(['ECONNRESET', 'EPIPE']).toContain(to.error);
  }
}

const stories = (resets: number): fc.Arbitrary<Act[]> =>
  fc.array(
    fc.oneof(
      { weight: 6, arbitrary: act('write') },
      { weight: 2, arbitrary: act('end') },
      { weight: 2, arbitrary: act('settle') },
      { weight: resets, arbitrary: act('reset') },
    ),
    { maxLength: 12 },
  );

function act(does: Verb | 'write'): fc.Arbitrary<Act> {
  const end = fc.constantFrom('client' as const, 'server' as const);
  if (does !== 'write') return fc.record({ end, does: fc.constant(does) });
  // Also more than windows and buffers of the proxy hold at first.
  const octets = fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 100_000, max: 400_000 }));
  return fc.record({ end, does: fc.constant(does), octets });
}

/** What relays are known for: the end of one direction ends both. */
const hasty: typeof createProxy = (net, target) =>
  net.createServer((near) => {
    const far = net.connect(target);
    near.pipe(far).pipe(near);
    near.on('error', () => far.resetAndDestroy());
    far.on('error', () => near.resetAndDestroy());
  });

// On kernel sockets Node's resetAndDestroy may look like an end of the text to the peer, before all of it has come.
describe.each([
  ['node:net', hostNet, 0],
  ['tsyn/net', tsynNet, 1],
] as [string, ProxyNet, number][])('the proxy on %s', (_, net, resets) => {
  it(`passes on text${resets > 0 ? ', ends and resets' : ' and ends'} in each direction by itself`, async () => {
    await fc.assert(
      fc.asyncProperty(stories(resets), (story) => play(net, createProxy, story)),
      { numRuns: 150, endOnFailure: true },
    );
  });

  it('would be caught ending both directions at once', async () => {
    const story: Act[] = [
      { end: 'client', does: 'end' },
      { end: 'client', does: 'settle' },
      { end: 'server', does: 'write', octets: 400_000 },
    ];
    await play(net, createProxy, story);
    await expect(play(net, hasty, story)).rejects.toThrow();
  });

  it('resets a connection whose target is not there', async () => {
    const gone = net.createServer();
    const port = await listening(gone);
    gone.close();
    const proxy = createProxy(net, { host: HOST, port });
    const client = new End(net.connect({ host: HOST, port: await listening(proxy), allowHalfOpen: true }));
    await until(() => client.closed, 'the client to be reset');
    expect(client.error).toBe('ECONNRESET');
    proxy.close();
  });
});
