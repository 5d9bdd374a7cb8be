import { describe, expect, it } from 'vitest';

import { type NatOptions, type SimHost, type SimNat, type Simulation, simulate } from '../../src/sim/index.ts';
import type { UdpMessage, UdpSocket } from '../../src/stack/index.ts';
import { formatAddress } from '../../src/wire/address.ts';
import { echo, talkTo } from '../helpers/simulated.ts';

interface Home {
  readonly sim: Simulation;
  readonly nat: SimNat;
  readonly clients: readonly [SimHost, SimHost];
  readonly server: SimHost;
}

/** Two clients behind a NAT, a router outside, and a server beyond that. */
function home(options: NatOptions = {}): Home {
  const sim = simulate({ seed: 3 });
  const clients = [sim.host('one'), sim.host('two')] as const;
  const router = sim.router('router');
  const server = sim.host('server');
  const lan = sim.switch('lan');
  for (const client of clients) sim.link(client, lan);
  const nat = sim.nat('nat', { ...options, inside: lan, outside: router });
  sim.link(router, server, { latency: 10 });
  return { sim, nat, clients, server };
}

/** The NAT's address on the link outside. */
function outsideOf(nat: SimNat): string {
  return formatAddress(nat.attachments.find(({ side }) => side === 'outside')!.prefixes[0]!.address);
}

/** A UDP service that notes who sends, and sends it back. */
function noting(host: SimHost, port: number): string[] {
  const seen: string[] = [];
  const socket = host.stack.openUdp();
  socket.bind({ port });
  socket.onMessage = ({ data, remote, port: from }: UdpMessage) => {
    seen.push(`${formatAddress(remote)}:${from}`);
    socket.send(data, { address: formatAddress(remote), port: from });
  };
  return seen;
}

function udp(host: SimHost, port: number): UdpSocket & { got: number } {
  const socket = host.stack.openUdp() as UdpSocket & { got: number };
  socket.bind({ port });
  socket.got = 0;
  socket.onMessage = () => {
    socket.got++;
  };
  return socket;
}

describe('a NAT', () => {
  it('has its outside address stand for the hosts inside; IPv6 passes as it is', () => {
    const { sim, nat, clients, server } = home();
    echo(server);
    const sources: string[] = [];
    server.stack.tcp.listen({ port: 8, onConnection: (socket) => sources.push(socket.remoteAddress) });
    const talks = clients.flatMap((client) => server.addresses.map((address) => talkTo(client, address, 20_000)));
    for (const address of server.addresses) clients[0].stack.tcp.connect({ address, port: 8 });
    sim.runUntil(() => talks.every(({ over }) => over !== null), { goal: 'all four conversations' });
    expect(talks.map(({ over, received, intact }) => [over, received, intact])).toEqual(
      talks.map(() => ['ok', 20_000, true]),
    );
    expect(sources).toEqual([outsideOf(nat), clients[0].addresses[1]]);
    expect(nat.mappings.map(({ protocol }) => protocol)).toEqual(['tcp', 'tcp', 'tcp']);
  });

  it('keeps the port where it is free, and gives the second who has it another', () => {
    const { sim, nat, clients, server } = home();
    const seen = noting(server, 53);
    for (const client of clients) udp(client, 5000).send(new Uint8Array(1), { address: server.address, port: 53 });
    sim.run();
    const outside = outsideOf(nat);
    expect(seen[0]).toBe(`${outside}:5000`);
    expect(seen[1]).toMatch(new RegExp(`^${outside.replaceAll('.', '\\.')}:(?!5000$)\\d+$`));
  });

  it('has one port stand for an endpoint, whoever that speaks to (RFC 4787 REQ-1)', () => {
    const { sim, clients, server } = home();
    const [a, b] = [noting(server, 53), noting(server, 54)];
    const socket = udp(clients[0], 5000);
    for (const port of [53, 54, 53]) socket.send(new Uint8Array(1), { address: server.address, port });
    sim.run();
    expect(new Set([...a, ...b]).size).toBe(1);
    expect(socket.got).toBe(3);
  });

  it('lets nothing in that it has no mapping for', () => {
    const { sim, nat, clients, server } = home();
    const inside = udp(clients[0], 5000);
    udp(server, 9).send(new Uint8Array(1), { address: outsideOf(nat), port: 5000 });
    sim.run();
    expect([inside.got, nat.drops!['nat-no-mapping']]).toEqual([0, 1]);
    expect(sim.isPath(clients[0], server)).toBe(true);
  });

  it('translates echo requests, and answers those to itself', async () => {
    const { sim, nat, clients, server } = home();
    const pings = [
      ...clients.map((client) => client.stack.ping(server.address)),
      server.stack.ping(outsideOf(nat)),
      nat.stack.ping(server.address),
    ];
    sim.run(sim.now + 10_000);
    expect((await Promise.all(pings)).length).toBe(4);
  });

  it('translates what ICMP errors quote: a port unreachable, a path MTU', () => {
    const { sim, clients, server } = home();
    const errors: string[] = [];
    const socket = clients[0].stack.openUdp();
    socket.connect({ address: server.address, port: 99 });
    socket.onError = ({ code }) => errors.push(code);
    socket.send(new Uint8Array(1));
    sim.run();
    expect(errors).toEqual(['ECONNREFUSED']);

    const far = sim.host('far');
    const [near, beyond] = [sim.router('near'), sim.router('beyond')];
    sim.link(sim.hosts.find(({ name }) => name === 'router')!, near);
    sim.link(near, beyond, { mtu: 1000 });
    sim.link(beyond, far);
    echo(far);
    const talk = talkTo(clients[1], far.address, 30_000);
    sim.runUntil(() => talk.over !== null);
    expect(talk).toMatchObject({ over: 'ok', received: 30_000, intact: true });
    expect(talk.socket.info().pmtu).toBe(1000);
  });

  it('translates what errors from inside quote', () => {
    const { sim, clients, server } = home();
    const seen = noting(server, 53);
    const socket = udp(clients[0], 5000);
    socket.send(new Uint8Array(1), { address: server.address, port: 53 });
    sim.run(1000);
    socket.close();
    const errors: string[] = [];
    const back = server.stack.openUdp();
    const [address, port] = seen[0]!.split(':') as [string, string];
    back.connect({ address, port: Number(port) });
    back.onError = ({ code }) => errors.push(code);
    back.send(new Uint8Array(1));
    sim.run();
    expect(errors).toEqual(['ECONNREFUSED']);
  });

  it('passes datagrams in fragments', () => {
    const { sim, clients, server } = home();
    noting(server, 53);
    const socket = udp(clients[0], 5000);
    socket.send(new Uint8Array(9000), { address: server.address, port: 53 });
    sim.run();
    expect(socket.got).toBe(1);
  });

  it('leaves damage as it is: checksums are mended, not made', () => {
    const { sim, clients, server } = home();
    echo(server);
    for (const link of sim.links) link.set({ corrupt: 0.02 });
    const talk = talkTo(clients[0], server.address, 200_000);
    sim.runUntil(() => talk.over !== null);
    expect(talk).toMatchObject({ over: 'ok', received: 200_000, intact: true });
    const errors = [clients[0], server].map(({ stack }) => stack.mib.tcp.TcpInCsumErrors);
    expect(errors[0]! + errors[1]!).toBeGreaterThan(0);
  });
});

describe('a NAT that is rebound', () => {
  it('gives UDP another port, and drops what comes for the old one', () => {
    const { sim, nat, clients, server } = home();
    const seen = noting(server, 53);
    const socket = udp(clients[0], 5000);
    const send = (): void => socket.send(new Uint8Array(1), { address: server.address, port: 53 });
    send();
    sim.run(1000);
    nat.rebind();
    expect(nat.mappings).toEqual([]);
    send();
    sim.run(2000);
    expect(seen.length).toBe(2);
    expect(seen[0]).not.toBe(seen[1]);
    const stale = udp(server, 9);
    stale.send(new Uint8Array(1), { address: outsideOf(nat), port: 5000 });
    sim.run(3000);
    expect([socket.got, nat.drops!['nat-no-mapping']]).toEqual([2, 1]);
  });

  it('ends a connection: the server does not know who speaks, and says so', () => {
    const { sim, nat, clients, server } = home();
    const accepted: string[] = [];
    server.stack.tcp.listen({ port: 8, onConnection: ({ state }) => accepted.push(state) });
    let over = '';
    const socket = clients[0].stack.tcp.connect({
      address: server.address,
      port: 8,
      handler: { onClose: (_, error) => (over = error?.code ?? 'ok') },
    });
    sim.runUntil(() => accepted.length === 1);
    nat.rebind();
    socket.write(new Uint8Array(10));
    sim.runUntil(() => over !== '', { goal: 'the client hears of it' });
    expect(over).toBe('ECONNRESET');
  });

  it('forgets by a crash, too', () => {
    const { sim, nat, clients, server } = home();
    noting(server, 53);
    udp(clients[0], 5000).send(new Uint8Array(1), { address: server.address, port: 53 });
    sim.run(1000);
    expect(nat.mappings.length).toBe(1);
    nat.crash();
    nat.restart();
    expect(nat.mappings).toEqual([]);
    const again = udp(clients[1], 5001);
    again.send(new Uint8Array(1), { address: server.address, port: 53 });
    sim.run(2000);
    expect(again.got).toBe(1);
  });
});

describe("a NAT's table", () => {
  it('is bounded: what would need one more is dropped, until one has been idle for too long', () => {
    const { sim, nat, clients, server } = home({ maxMappings: 2, udpIdle: 5000 });
    noting(server, 53);
    const sockets = [5000, 5001, 5002].map((port) => udp(clients[0], port));
    const send = (n: number): void => sockets[n]!.send(new Uint8Array(1), { address: server.address, port: 53 });
    for (const n of [0, 1, 2]) send(n);
    sim.run(4000);
    expect([sockets.map(({ got }) => got), nat.drops!['nat-full']]).toEqual([[1, 1, 0], 1]);
    send(1);
    sim.run(8000);
    send(2);
    sim.run(9000);
    expect(sockets.map(({ got }) => got)).toEqual([1, 2, 1]);
    expect(nat.mappings.map(({ outside }) => outside)).toEqual([5001, 5002]);
  });

  it('keeps an idle connection for hours, and one that has closed for minutes (RFC 5382 REQ-5)', () => {
    const { sim, nat, clients, server } = home();
    echo(server);
    let heard = 0;
    const keeping = clients[0].stack.tcp.connect({
      address: server.address,
      port: 7,
      handler: {
        onReadable: (socket) => {
          heard += socket.readableLength;
          socket.consume(socket.readableLength);
        },
      },
    });
    const closing = talkTo(clients[1], server.address, 10);
    sim.runUntil(() => closing.over !== null);
    const [kept] = nat.mappings;
    sim.run(sim.now + 7_200_000);
    keeping.write(new Uint8Array(5));
    sim.run(sim.now + 1000);
    expect(heard).toBe(5);
    // Somebody new clears nothing away but what it needs: the closed one's port is free again.
    const again = clients[0].stack.tcp.connect({
      address: server.address,
      port: 7,
      localPort: closing.socket.localPort,
    });
    sim.run(sim.now + 1000);
    expect(again.state).toBe('ESTABLISHED');
    expect(nat.mappings.map(({ outside }) => outside)).toEqual([kept!.outside, closing.socket.localPort]);
  });

  it('is refused bounds that make no sense', () => {
    expect(() => home({ udpIdle: -1 })).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE', message: "nat 'nat': udpIdle is -1; it must be > 0" }),
    );
  });
});

describe('a NAT in a topology', () => {
  it('is linked by a side, outside once', () => {
    const sim = simulate({ seed: 1 });
    const [a, b] = [sim.host('a'), sim.host('b')];
    const nat = sim.nat('nat', { inside: a });
    expect(() => sim.link(nat as never, b)).toThrow(/its inside or its outside/);
    sim.link(nat.outside, b);
    expect(() => sim.link(nat.outside, sim.host('c'))).toThrow(/'nat' has a link outside already/);
    expect(nat.attachments.map(({ side }) => side)).toEqual(['inside', 'outside']);
  });

  it('stands behind another one', () => {
    const sim = simulate({ seed: 1 });
    const [client, server] = [sim.host('client'), sim.host('server')];
    const inner = sim.nat('inner', { inside: client });
    sim.nat('outer', { inside: inner.outside, outside: server });
    echo(server);
    const talk = talkTo(client, server.address, 5000);
    sim.runUntil(() => talk.over !== null);
    expect(talk).toMatchObject({ over: 'ok', received: 5000 });
    expect(sim.isPath(client, server)).toBe(true);
  });
});
