import { describe, expect, it } from 'vitest';
import { type SimHost, type Simulation, simulate } from '../../src/sim/index.ts';
import { echo, talkTo } from '../helpers/simulated.ts';

/** A conversation with each of the server's addresses comes through. */
function expectEcho(sim: Simulation, client: SimHost, server: SimHost): void {
  echo(server);
  const talks = server.addresses.map((address) => talkTo(client, address, 5000));
  sim.runUntil(() => talks.every(({ over }) => over !== null), { goal: 'every conversation is over' });
  expect(talks.map(({ over, received, intact }) => ({ over, received, intact }))).toEqual(
    server.addresses.map(() => ({ over: 'ok', received: 5000, intact: true })),
  );
}

describe('hosts and links', () => {
  it('get addresses of both families, a network for each link', () => {
    const sim = simulate({ seed: 1 });
    const [a, b, c] = ['a', 'b', 'c'].map((name) => sim.host(name)) as [SimHost, SimHost, SimHost];
    sim.link(a, b);
    sim.link(b, c);
    expect(a.addresses).toEqual(['10.0.0.1', 'fd00::1']);
    expect(b.addresses).toEqual(['10.0.0.2', '10.0.0.5', 'fd00::2', 'fd00:0:0:1::1']);
    expect(sim.resolve('c')).toEqual(['10.0.0.6', 'fd00:0:0:1::2']);
    expect(c.address).toBe('10.0.0.6');
  });

  it('speak to each other over a link, by both families', () => {
    const sim = simulate({ seed: 1 });
    const [a, b] = [sim.host('a'), sim.host('b')];
    sim.link(a, b, { latency: 20 });
    expectEcho(sim, a, b);
  });

  it('are not found by others through a host that does not forward', () => {
    const sim = simulate({ seed: 1 });
    const [a, b, c] = [sim.host('a'), sim.host('b'), sim.host('c')];
    sim.link(a, b);
    sim.link(b, c);
    expect(sim.isPath(a, c)).toBe(false);
    expect(() => talkTo(a, c.address, 1)).toThrow(expect.objectContaining({ code: 'ENETUNREACH' }));
  });

  it('take addresses of their own', () => {
    const sim = simulate({ seed: 1 });
    const a = sim.host('a', { addresses: ['192.0.2.1/24'] });
    const b = sim.host('b');
    const r = sim.router('r');
    sim.link(a, r);
    sim.link(r, b, { addresses: [['198.51.100.1/31'], ['198.51.100.2/32', '2001:db8::2/64']] });
    expect([a.address, b.addresses]).toEqual(['192.0.2.1', ['198.51.100.2', '2001:db8::2']]);
    echo(b);
    const talk = talkTo(a, b.address, 100);
    sim.runUntil(() => talk.over !== null);
    expect(talk).toMatchObject({ over: 'ok', received: 100 });
  });
});

describe('routes', () => {
  it('lead through a chain of routers and switches', () => {
    const sim = simulate({ seed: 2 });
    const [client, server] = [sim.host('client'), sim.host('server')];
    const routers = ['r1', 'r2', 'r3'].map((name) => sim.router(name));
    const [s1, s2] = [sim.switch('s1'), sim.switch('s2')];
    sim.link(client, s1);
    sim.link(s1, s2);
    sim.link(s2, routers[0]!);
    sim.link(routers[0]!, routers[1]!);
    sim.link(routers[1]!, routers[2]!);
    sim.link(routers[2]!, server);
    expect(sim.isPath(client, server)).toBe(true);
    expectEcho(sim, client, server);
  });

  it('take the fewest hops', () => {
    const sim = simulate({ seed: 2 });
    const [a, b] = [sim.host('a'), sim.host('b')];
    const [left, right, far] = [sim.router('left'), sim.router('right'), sim.router('far')];
    sim.link(a, left);
    const long = [sim.link(left, far), sim.link(far, right)];
    const short = sim.link(left, right);
    sim.link(right, b);
    expectEcho(sim, a, b);
    expect(short.counters.forth.delivered).toBeGreaterThanOrEqual(10);
    expect(long.map(({ counters }) => counters.forth.delivered + counters.back.delivered)).toEqual([0, 0]);
  });

  it('are found for links that are made while it runs, by a stack that was there before', () => {
    const sim = simulate({ seed: 2 });
    const [a, b, r] = [sim.host('a'), sim.host('b'), sim.router('r')];
    sim.link(a, r);
    const { stack } = a;
    sim.run(1000);
    sim.link(r, b);
    echo(b);
    let connected = false;
    const onConnect = (): void => {
      connected = true;
    };
    stack.tcp.connect({ address: b.address, port: 7, handler: { onConnect } });
    sim.runUntil(() => connected);
  });

  it("lead to a neighbour's addresses on its other links", () => {
    const sim = simulate({ seed: 2 });
    const [a, b, c] = [sim.host('a'), sim.host('b'), sim.host('c')];
    sim.link(b, c);
    sim.link(a, b);
    expectEcho(sim, a, b);
    expect(a.stack.routes().length).toBe(2);
  });

  it('leave routes that were entered by hand alone', () => {
    const sim = simulate({ seed: 2 });
    const [a, r, b] = [sim.host('a'), sim.router('r'), sim.host('b')];
    sim.link(a, r);
    const route = a.stack.addRoute({ destination: '203.0.113.0/24', interface: a.stack.interfaces()[1]! });
    sim.link(r, b);
    sim.run();
    expect(a.stack.routes()).toContainEqual(route);
  });
});

describe('a topology that cannot be', () => {
  const refused = (make: (sim: Simulation) => void, message: RegExp, code: string = 'ERR_SIM_TOPOLOGY'): void => {
    const sim = simulate({ seed: 1 });
    expect(() => make(sim)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  };

  it('is refused: a name twice, be it of a host, a router, a switch or a link', () => {
    refused((sim) => [sim.host('a'), sim.switch('a')], /'a' already/);
    refused((sim) => [sim.router('a'), sim.host('a')], /'a' already/);
    refused((sim) => {
      const [a, b] = [sim.host('a'), sim.host('b')];
      sim.link(a, b, { name: 'wire' });
      sim.link(a, b, { name: 'wire' });
    }, /link 'wire' already/);
  });

  it('is refused: a link to itself, or to a host of another simulation', () => {
    refused((sim) => {
      const a = sim.host('a');
      sim.link(a, a);
    }, /'a' cannot be linked to itself/);
    refused((sim) => sim.link(sim.host('a'), simulate({ seed: 1 }).host('b')), /'b' belongs to another simulation/);
  });

  it('is refused: a loop of switches, a host twice at one', () => {
    refused((sim) => {
      const [s, t, u] = [sim.switch('s'), sim.switch('t'), sim.switch('u')];
      sim.link(s, t);
      sim.link(t, u);
      sim.link(s, u);
    }, /from 's' to 'u' would close a loop/);
    refused((sim) => {
      const [s, a] = [sim.switch('s'), sim.host('a')];
      sim.link(s, a);
      sim.link(a, s);
    }, /'a' is at that switch already/);
  });

  it('is refused: an address twice; and nothing of that link stays', () => {
    const sim = simulate({ seed: 1 });
    const [a, b] = [sim.host('a'), sim.host('b')];
    const addresses = [['192.0.2.1/24'], ['192.0.2.1/24']] as const;
    expect(() => sim.link(a, b, { addresses })).toThrow(/'b' cannot have 192.0.2.1, which 'a' has/);
    expect([a.addresses, b.addresses, sim.links]).toEqual([[], [], []]);
    sim.link(a, b);
    expectEcho(sim, a, b);
  });

  it('is refused: a goal that needs hosts without a path', () => {
    refused((sim) => {
      const [a, b] = [sim.host('a'), sim.host('b')];
      sim.runUntil(() => true, { needs: [a, b] });
    }, /path between 'a' and 'b'/);
  });

  it('is refused: a name that nobody has', () => {
    refused((sim) => [sim.host('a'), sim.resolve('b')], /no host 'b'; there are 'a'/);
  });

  it('is refused: settings of links out of their ranges, by their names here', () => {
    const link = (options: object) => (sim: Simulation) => sim.link(sim.host('a'), sim.host('b'), options);
    refused(link({ bandwidth: -1 }), /link 'a-b' forth: bandwidth is -1; it must be > 0/, 'ERR_OUT_OF_RANGE');
    refused(link({ back: { loss: 1.5 } }), /link 'a-b' back: loss is 1.5; it must be 0 .. 1/, 'ERR_OUT_OF_RANGE');
    refused(link({ latency: -2 }), /latency is -2/, 'ERR_OUT_OF_RANGE');
    refused(link({ mtu: 60 }), /mtu is 60; it must be an integer from 68/, 'ERR_OUT_OF_RANGE');
    refused(link({ queue: { packets: 0 } }), /queue.packets is 0/, 'ERR_OUT_OF_RANGE');
    refused(link({ lattency: 2 }), /link 'a-b'.lattency must be one of latency/, 'ERR_INVALID_ARG_VALUE');
    refused(() => simulate({ seed: 1.5 }), /seed is 1.5/, 'ERR_OUT_OF_RANGE');
  });
});
