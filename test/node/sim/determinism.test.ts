/** What packages take from Node as they are loaded has to be replaced before: `ws` takes the randomness of its keys. */
import '../../../src/node/sim/register.ts';
import crypto from 'node:crypto';
import http from 'node:http';
import { request } from 'undici';
import { afterAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { simulate } from '../../../src/node/sim/index.ts';
import { unregister } from '../../../src/node/sim/register.ts';
import type { TraceEvent } from '../../../src/trace/index.ts';

afterAll(unregister);

function serve(): void {
  const server = http.createServer((asked, response) => {
    setTimeout(() => response.end(`${asked.url} ${Math.random()}`), Math.random() * 100);
  });
  new WebSocketServer({ server } as never).on('connection', (socket) => {
    socket.on('message', (data: Buffer) => socket.send(`${data} ${Date.now()}`));
  });
  server.listen(80);
}

async function talk(): Promise<string[]> {
  const answers = [
    fetch('http://server/fetch').then((response) => response.text()),
    request('http://server/undici').then(({ body }) => body.text()),
    new Promise<string>((resolve) => {
      http.get('http://server/http', (response) => response.setEncoding('utf8').on('data', resolve));
    }),
    new Promise<string>((resolve) => {
      const socket = new WebSocket('ws://server/', { generateMask } as never);
      socket.on('open', () => socket.send('masked'));
      socket.on('message', (data: Buffer) => resolve(String(data)));
    }),
  ];
  return Promise.all(answers);
}

/** By itself `ws` keeps random octets from one run to the next. */
function generateMask(mask: Buffer): void {
  crypto.randomFillSync(mask);
}

/** All that its programs were told, and every packet to the octet. */
async function course(seed: number): Promise<string> {
  const events: TraceEvent[] = [];
  const sim = simulate({ seed, trace: (event) => events.push(event) });
  try {
    const [client, server] = [sim.host('client'), sim.host('server')];
    const link = sim.link(client, server, { latency: 10, jitter: 5, loss: 0.03 });
    const octets: string[] = [];
    link.middlebox((segment) => void octets.push(Buffer.from(segment.payload).toString('hex')));
    server.run(serve);
    const answers = await sim.until(client.run(talk));
    return [...answers, ...octets, ...events.map((event) => JSON.stringify(event))].join('\n');
  } finally {
    await sim.close();
  }
}

describe('http, fetch, undici and ws over one bad path', () => {
  it('are one course of events for one seed, to the octet', async () => {
    const first = await course(1);
    expect(first.split('\n').length).toBeGreaterThan(60);
    for (let i = 0; i < 5; i++) expect(await course(1)).toBe(first);
    expect(await course(2)).not.toBe(first);
  });
});
