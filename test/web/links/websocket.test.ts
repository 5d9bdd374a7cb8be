import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Scheduler } from '../../../src/base/scheduler.ts';
import { websocketLink } from '../../../src/web/links/websocket.ts';
import { numbered, StrictPool } from '../../helpers/links.ts';
import { converse, createHost, plug } from './hosts.ts';

/** A relay as those for v86 are: what one client says all others hear. */
let relay: WebSocketServer;
let url = '';

beforeEach(async () => {
  relay = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(relay, 'listening');
  url = `ws://127.0.0.1:${relay.address().port}/`;
  relay.on('connection', (client: WebSocket) => {
    client.on('message', (data: Uint8Array) => {
      for (const other of relay.clients) if (other !== client) other.send(data);
    });
  });
});

afterEach(() => {
  for (const client of relay.clients) client.terminate();
  relay.close();
});

/** The relay's side of the next client. */
async function nextClient(): Promise<WebSocket> {
  const [client] = (await once(relay, 'connection')) as [WebSocket];
  return client;
}

function bare(): { pool: StrictPool; scheduler: Scheduler } {
  return { pool: new StrictPool(), scheduler: new Scheduler() };
}

describe('a link over a WebSocket', () => {
  for (const medium of ['ethernet', 'ip'] as const) {
    it(`carries TCP of both families through a relay, as ${medium}, from before it is open`, async () => {
      const [a, b] = [createHost(), createHost()];
      const other = new WebSocket(url);
      plug(b, websocketLink(other, b.stack, { medium }), 2);
      await once(other, 'open');
      plug(a, websocketLink(new WebSocket(url), a.stack, { medium }), 1);
      expect(await converse(a, b, '10.0.0.2')).toBe(null);
      expect(await converse(a, b, 'fd00::2')).toBe(null);
      a.close();
      b.close();
    });
  }

  it('opens the platform’s WebSocket where it is given a URL, or says that there is none', async () => {
    const own = globalThis as { WebSocket?: unknown };
    const { WebSocket: before } = own;
    try {
      own.WebSocket = undefined;
      expect(() => websocketLink(url, bare())).toThrow(expect.objectContaining({ code: 'ERR_TSYN_NO_WEBSOCKET' }));
      own.WebSocket = WebSocket;
      const connected = nextClient();
      const link = websocketLink(new URL(url), bare());
      await connected;
      link.close();
      for (const wrong of ['no url', 'gopher://127.0.0.1/']) {
        expect(() => websocketLink(wrong, bare())).toThrow(/url must be that of a WebSocket/);
      }
    } finally {
      own.WebSocket = before;
    }
  });

  it('refuses text and frames of impossible lengths', async () => {
    const connected = nextClient();
    const host = bare();
    const link = websocketLink(new WebSocket(url), host);
    const client = await connected;
    client.send('a text message');
    client.send(new Uint8Array(5));
    client.send(new Uint8Array(0));
    client.send(new Uint8Array(70_000));
    client.close(1000);
    expect(await link.closed).toBe(null);
    expect(link.counters.refused).toBe(4);
    expect(host.pool.out).toBe(0);
  });

  it('is full while the socket takes no more, and drops beyond its bound', async () => {
    const connected = nextClient();
    const socket = new WebSocket(url);
    const host = bare();
    const link = websocketLink(socket, host, { maxQueued: 100_000 });
    const client = await connected;
    client.pause();
    for (let n = 0; n < 20_000 && link.counters.overflowed === 0; n++) {
      link.send(numbered(host.pool, n, 1514));
      if (n % 16 === 0) await new Promise((resolve) => setImmediate(resolve)); // what fits goes to the system
    }
    expect(link.counters.overflowed).toBe(1);
    expect(link.full).toBe(true);
    expect(link.queued).toBeGreaterThan(97_000);
    expect(link.queued).toBeLessThan(103_000); // a frame's header is counted by the socket
    expect(host.pool.out).toBe(0);
    client.resume();
    while (link.full) await new Promise((resolve) => setImmediate(resolve));
    link.close();
  });

  it('keeps what is sent before the socket is open within the same bound', async () => {
    const connected = nextClient();
    const host = bare();
    const link = websocketLink(new WebSocket(url), host, { maxQueued: 4000 });
    for (const n of [1, 2, 3, 4]) link.send(numbered(host.pool, n, 1514));
    expect(link.counters).toMatchObject({ sent: 4, overflowed: 2 });
    expect(link.full).toBe(true);
    const client = await connected;
    const got: number[] = [];
    await new Promise<void>((resolve) => {
      client.on('message', (data: Uint8Array) => {
        if (got.push(data[1]!) === 2) resolve();
      });
    });
    expect(got).toEqual([1, 2]);
    expect(link.full).toBe(false);
    link.close();
  });

  it('says why it ended: an order, a failure, a refusal', async () => {
    const inOrder = nextClient();
    const first = websocketLink(new WebSocket(url), bare());
    (await inOrder).close(1001, 'going');
    expect(await first.closed).toBe(null);

    const policy = nextClient();
    const second = websocketLink(new WebSocket(url), bare());
    (await policy).close(1008, 'not on this network');
    expect(await second.closed).toMatchObject({
      code: 'ERR_TSYN_WEBSOCKET',
      message: 'the WebSocket was closed: code 1008, not on this network',
    });

    const cut = nextClient();
    const third = websocketLink(new WebSocket(url), bare());
    (await cut).terminate();
    expect(await third.closed).toMatchObject({ message: 'the WebSocket was closed: code 1006' });

    const { port } = relay.address();
    relay.close();
    const host = bare();
    const fourth = websocketLink(new WebSocket(`ws://127.0.0.1:${port}/`), host);
    fourth.send(numbered(host.pool, 1, 60));
    expect(await fourth.closed).toMatchObject({
      code: 'ERR_TSYN_WEBSOCKET',
      message: expect.stringMatching(/ECONNREFUSED/),
    });
    expect(fourth.counters.undelivered).toBe(1);
  });

  it('closes the socket, also one that is not open yet, and knows one that was closed before', async () => {
    const connected = nextClient();
    const link = websocketLink(new WebSocket(url), bare());
    const client = await connected;
    link.close();
    link.close();
    await once(client, 'close');
    expect(await link.closed).toBe(null);

    const early = new WebSocket(url);
    websocketLink(early, bare()).close();
    await new Promise((resolve) => early.addEventListener('close', resolve));

    expect(await websocketLink(early, bare()).closed).toMatchObject({ message: 'the WebSocket is closed already' });
  });
});
