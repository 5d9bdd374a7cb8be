/** ws: a client that only listens, and a peer that is gone without a word. */

import { describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { NodeHost, NodeSimulation } from '../../../../src/node/sim/index.ts';
import { HOUR, MINUTE, SECOND, type Story, tell, tellMany } from './course.ts';

/** Prices for everybody, every half minute. */
function publish(): void {
  const server = new WebSocketServer({ port: 80, host: '::' });
  setInterval(() => {
    for (const client of server.clients) client.send('price');
  }, 30 * SECOND);
}

/** What a subscriber knows. */
interface Feed {
  connections: number;
  /** When the latest price came, by the subscriber's own clock. */
  latest: number;
  state(): number;
}

type Subscribe = (feed: Feed, log: (words: string) => void) => void;

/** Connects again when its connection closes, and waits for that. */
const trusting: Subscribe = (feed, log) => {
  open(feed, log, () => {});
};

/** Asks every half minute whether somebody is there, as the documentation of ws recommends. */
const asking: Subscribe = (feed, log) => {
  open(feed, log, (socket) => {
    let answered = true;
    socket.on('pong', () => {
      answered = true;
    });
    const heartbeat = setInterval(() => {
      if (!answered) socket.terminate();
      answered = false;
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    }, 30 * SECOND);
    socket.on('close', () => clearInterval(heartbeat));
  });
};

function open(feed: Feed, log: (words: string) => void, prepare: (socket: WebSocket) => void): void {
  const socket = new WebSocket('ws://exchange/', { handshakeTimeout: 30 * SECOND });
  feed.state = () => socket.readyState;
  prepare(socket);
  socket.on('open', () => {
    feed.connections++;
    log('open');
  });
  socket.on('message', () => {
    feed.latest = Date.now();
  });
  socket.on('error', (error) => log(error.message));
  socket.on('close', (code) => {
    log(`close ${code}`);
    setTimeout(open, SECOND + Math.random() * SECOND, feed, log, prepare);
  });
}

type Accident = (sim: NodeSimulation, exchange: NodeHost) => void;

/** What a subscriber has after half an hour. */
interface End {
  readonly connections: number;
  readonly open: boolean;
  /** Since the latest price, ms. */
  readonly silence: number;
}

/** Half an hour with one accident in it, at a time that chance chooses. */
function story(subscribe: Subscribe, accident: Accident): Story<End> {
  return async ({ sim, log }) => {
    const [client, exchange] = [sim.host('client'), sim.host('exchange')];
    sim.link(client, exchange, { latency: 30, jitter: 5, loss: 0.01 });
    exchange.onRestart(() => exchange.run(publish));
    exchange.run(publish);
    const feed: Feed = { connections: 0, latest: 0, state: () => -1 };
    client.run(() => subscribe(feed, log));
    sim.at(MINUTE + (sim.random.uint32() % (5 * MINUTE)), () => accident(sim, exchange));
    await sim.run(30 * MINUTE);
    const silence = client.run(() => Date.now()) - feed.latest;
    return { connections: feed.connections, open: feed.state() === WebSocket.OPEN, silence };
  };
}

const ACCIDENTS: Readonly<Record<string, Accident>> = {
  'whose server crashes and is back after five seconds': (sim, exchange) => {
    exchange.crash();
    sim.after(5 * SECOND, () => exchange.restart());
  },
  'whose path is cut for so long that the server gives it up': (sim) => {
    sim.partition(...sim.hosts.map((host) => [host]));
    sim.after(20 * MINUTE, () => sim.repair());
  },
};

for (const [name, accident] of Object.entries(ACCIDENTS)) {
  describe(`a subscriber of ws ${name}`, () => {
    it('stays on a dead connection for ever, and takes it for open, if it never asks', async () => {
      for (const { connections, open, silence } of await tellMany(8, story(trusting, accident))) {
        expect([connections, open]).toEqual([1, true]);
        expect(silence).toBeGreaterThan(20 * MINUTE);
      }
    });

    it('hears prices again if it pings, and connects anew where no pong comes', async () => {
      for (const { connections, open, silence } of await tellMany(8, story(asking, accident))) {
        expect(connections).toBeGreaterThan(1);
        expect(open).toBe(true);
        expect(silence).toBeLessThan(2 * MINUTE);
      }
    });

    it('has one course of events for one seed', async () => {
      const first = await tell(5, story(asking, accident));
      expect(first.log.length).toBeGreaterThan(2);
      expect(await tell(5, story(asking, accident))).toEqual(first);
      expect((await tell(6, story(asking, accident))).hash).not.toBe(first.hash);
    });
  });
}

/** When a client tries again. */
interface Retry {
  /** ms until the next attempt */
  pause(): number;
  connected(): void;
}

/** Twice as long each time, from a second to half an hour. */
const growing = (): Retry => {
  let next = SECOND;
  return {
    pause() {
      const pause = next;
      next = Math.min(2 * next, 30 * MINUTE);
      return pause;
    },
    connected() {},
  };
};

/** The same, and from a second again once it has worked. */
const recovering = (): Retry => {
  let retry = growing();
  return {
    pause: () => retry.pause(),
    connected() {
      retry = growing();
    },
  };
};

function keepConnected(retry: Retry, log: (words: string) => void): void {
  const socket = new WebSocket('ws://exchange/');
  socket.on('open', () => {
    retry.connected();
    log('open');
  });
  socket.on('error', () => log('failed'));
  socket.on('close', () => setTimeout(keepConnected, retry.pause(), retry, log));
}

/** A night without a server, and the next day a server that is started anew. @returns how long that second time took to be mended, ms */
function outages(make: () => Retry): Story<{ night: number; day: number }> {
  return async ({ sim, log }) => {
    const [client, exchange] = [sim.host('client'), sim.host('exchange')];
    sim.link(client, exchange, { latency: 30, loss: 0.02 });
    let opened = 0;
    const note = (words: string): void => {
      if (words === 'open') opened = sim.now;
      log(words);
    };
    const serve = (): WebSocketServer => exchange.run(() => new WebSocketServer({ port: 80, host: '::' }));
    const stop = (server: WebSocketServer): void => {
      server.close();
      for (const socket of server.clients) socket.terminate();
    };
    client.run(() => keepConnected(make(), note));
    const morning = 10 * HOUR + (sim.random.uint32() % HOUR);
    await sim.run(morning);
    const first = serve();
    await sim.until(() => opened > morning, { limit: HOUR, goal: 'the client is back in the morning' });
    const night = opened - morning;
    const noon = sim.now + HOUR;
    await sim.run(noon);
    stop(first);
    await sim.run(noon + 500);
    serve();
    await sim.until(() => opened > noon, { limit: HOUR, goal: 'the client is back at noon' });
    return { night, day: opened - noon };
  };
}

describe('a client of ws that waits for up to half an hour before it tries again', () => {
  it('waits for half an hour after a hiccup, too, if it never begins anew', async () => {
    for (const { night, day } of await tellMany(8, outages(growing))) {
      expect(night).toBeLessThan(35 * MINUTE);
      expect(day).toBeGreaterThan(29 * MINUTE);
    }
  });

  it('is back within seconds after a hiccup if it begins anew once connected', async () => {
    for (const { night, day } of await tellMany(8, outages(recovering))) {
      expect(night).toBeLessThan(35 * MINUTE);
      expect(day).toBeLessThan(10 * SECOND);
    }
  });

  it('has one course of events for one seed', async () => {
    const first = await tell(2, outages(recovering));
    expect(first.log.length).toBeGreaterThan(20);
    expect(await tell(2, outages(recovering))).toEqual(first);
    expect((await tell(3, outages(recovering))).hash).not.toBe(first.hash);
  });
});
