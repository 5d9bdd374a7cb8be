import { describe, expect, it } from 'vitest';
import { CHARGEN_PATTERN, ending } from '../../src/cli/services.ts';
import { pattern } from '../helpers/endpoint.ts';
import { Client, served } from './client.ts';

const SMALL = { receiveBuffer: 20_000, sendBuffer: 20_000 };

describe('echo', () => {
  it('sends back what comes, and closes after the peer has and everything is sent back', () => {
    const { pair, services } = served('echo', {}, {}, SMALL);
    const client = new Client(pair);
    const data = pattern(300_000);
    client.say(data, 0).end(0).pass(120_000);
    expect(client.received).toEqual(data);
    expect(client).toMatchObject({ ended: true, closed: true, error: null });
    expect(services).toMatchObject({ open: 0, accepted: 1, octetsIn: 300_000, octetsOut: 300_000 });
    expect(pair.problems).toEqual([]);
  });

  it('reads no more than it can send back', () => {
    const { pair } = served('echo', {}, {}, SMALL);
    const client = new Client(pair);
    client.reading = false;
    client.say(pattern(300_000), 60_000);
    // Four buffers of 20 kB lie between the two ends of the client.
    const taken = 300_000 - client.socket.writableLength - client.received.length;
    expect(taken).toBeGreaterThan(0);
    expect(client.socket.writableLength).toBeGreaterThan(0);
    expect(client.socket.readableLength).toBeLessThanOrEqual(20_000);
    const [server] = pair.b.sockets().filter(({ state }) => state === 'ESTABLISHED');
    expect(server!.receiveQueue).toBeLessThanOrEqual(20_000);
    expect(server!.sendQueue).toBeLessThanOrEqual(20_000);
    client.reading = true;
    client.read();
    client.end(0).pass(120_000);
    expect(client.received).toEqual(pattern(300_000));
  });
});

describe('discard', () => {
  it('reads everything, says nothing and closes after the peer', () => {
    const { pair, services } = served('discard', {}, {}, SMALL);
    const client = new Client(pair).say(pattern(100_000), 20_000).end();
    expect(client).toMatchObject({ ended: true, closed: true, error: null });
    expect(client.received).toHaveLength(0);
    expect(services).toMatchObject({ open: 0, octetsIn: 100_000, octetsOut: 0 });
  });
});

describe('chargen', () => {
  it('sends the lines of RFC 864', () => {
    const { pair } = served('chargen', {}, {}, SMALL);
    const client = new Client(pair).pass(200);
    const text = client.text.slice(0, 95 * 74);
    const lines = text.split('\r\n');
    expect(lines[0]).toBe(String.fromCharCode(...Array.from({ length: 72 }, (_, i) => 32 + i)));
    expect(lines.slice(0, 95).every((line) => line.length === 72)).toBe(true);
    expect(client.received.every((octet, i) => octet === CHARGEN_PATTERN[i % CHARGEN_PATTERN.length])).toBe(true);
  });

  it('waits for a peer that does not read, with one send buffer full at most, and goes on where it stopped', () => {
    const { pair, services } = served('chargen', {}, {}, SMALL);
    const client = new Client(pair);
    client.reading = false;
    client.read();
    client.pass(30_000);
    const [server] = pair.b.sockets().filter(({ state }) => state === 'ESTABLISHED');
    expect(server!.sendQueue).toBeGreaterThan(10_000);
    expect(server!.sendQueue).toBeLessThanOrEqual(20_000);
    for (let i = 0; i < 50; i++) {
      client.read(3000);
      client.pass(300);
    }
    expect(client.received.length).toBeGreaterThan(100_000);
    expect(client.received.every((octet, i) => octet === CHARGEN_PATTERN[i % CHARGEN_PATTERN.length])).toBe(true);
    client.reading = true;
    client.read();
    client.end();
    expect(client).toMatchObject({ ended: true, closed: true, error: null });
    expect(services.open).toBe(0);
  });
});

describe('the host of services', () => {
  it('tells of a life: accepted, the peer closed, over', () => {
    const said: string[] = [];
    const { pair } = served('echo', {
      accepted: ({ id, service, socket }) => said.push(`#${id} ${service} ${socket.state}`),
      peerClosed: ({ socket }) => said.push(`peer closed: ${socket.state}`),
      closed: (conversation, error) => {
        const { octetsIn, octetsOut, lasted } = conversation;
        said.push(`${ending(conversation, error)}: ${octetsIn} in, ${octetsOut} out, ${lasted} ms`);
      },
    });
    new Client(pair).say('hello', 100).end(100);
    expect(said).toEqual([
      '#1 echo ESTABLISHED',
      'peer closed: CLOSE-WAIT',
      expect.stringMatching(/^closed by both sides: 5 in, 5 out, 1\d\d ms$/),
    ]);
  });

  it('tells of a reset', () => {
    const said: string[] = [];
    const { pair } = served('echo', { closed: (conversation, error) => said.push(ending(conversation, error)) });
    new Client(pair).say('hello', 100).socket.abort();
    pair.world.run(pair.world.now + 100);
    expect(said).toEqual(['reset by the peer (ECONNRESET)']);
  });

  it('aborts a connection on which nothing happens, and only then', () => {
    const said: string[] = [];
    const closed = (...words: Parameters<typeof ending>): number => said.push(ending(...words));
    const { pair } = served('echo', { closed }, { idle: 10_000 });
    const client = new Client(pair);
    for (let i = 0; i < 5; i++) client.say('x', 8000);
    expect(said).toEqual([]);
    client.pass(3000);
    expect(said).toEqual(['aborted: idle for too long']);
    expect(client).toMatchObject({ closed: true, error: 'ECONNRESET' });
  });

  it('resets those that come when there are too many', () => {
    const { pair, services } = served('echo', {}, { connections: 2 });
    const clients = [new Client(pair), new Client(pair), new Client(pair)];
    expect(clients.map(({ error }) => error)).toEqual([null, null, 'ECONNRESET']);
    expect(services).toMatchObject({ accepted: 2, refused: 1, open: 2 });
    clients[0]!.end();
    expect(new Client(pair).error).toBe(null);
  });

  it('leaves nothing behind when it closes', () => {
    const said: string[] = [];
    const closed = (...words: Parameters<typeof ending>): number => said.push(ending(...words));
    const { pair, services } = served('chargen', { closed });
    const client = new Client(pair);
    services.close();
    pair.world.run(pair.world.now + 100);
    expect(client).toMatchObject({ closed: true, error: 'ECONNRESET' });
    expect(said).toEqual(['aborted: stopped']);
    expect(pair.b.sockets()).toEqual([]);
    expect(new Client(pair).error).toBe('ECONNREFUSED');
    expect(pair.problems).toEqual([]);
  });
});
