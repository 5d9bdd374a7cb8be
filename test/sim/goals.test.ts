import { describe, expect, it } from 'vitest';
import { type Goal, type Simulation, SimulationError, simulate } from '../../src/sim/index.ts';
import { Pace } from '../../src/sim/pace.ts';
import { echo, talkTo } from '../helpers/simulated.ts';

function missed(sim: Simulation, goal: Goal): SimulationError {
  try {
    sim.runUntil(() => false, goal);
  } catch (error) {
    if (error instanceof SimulationError) return error;
  }
  throw new Error('the goal was reached');
}

describe('a goal', () => {
  it('stops the run at the event that reaches it', () => {
    const sim = simulate({ seed: 1 });
    const times: number[] = [];
    for (const time of [30, 10, 20]) sim.at(time, () => times.push(sim.now));
    sim.after(5, () => times.push(sim.now)).cancel();
    sim.runUntil(() => times.length === 2);
    expect([times, sim.now]).toEqual([[10, 20], 20]);
    sim.run(25);
    expect(sim.now).toBe(25);
    sim.run();
    expect(times).toEqual([10, 20, 30]);
  });

  it('that is not reached says what everybody waited for, the seed and the time', () => {
    const sim = simulate({ seed: 11 });
    const [a, b, c, idle] = [sim.host('a'), sim.host('b'), sim.host('c'), sim.host('idle')];
    const link = sim.link(a, b, { latency: 10 });
    sim.link(a, c);
    sim.link(b, idle);
    echo(b);
    a.stack.openUdp().bind({ port: 53 });
    const held = talkTo(a, b.address, 1000);
    link.hold('back');
    sim.run(500);
    c.crash();
    const unread = b.stack.tcp.listen({ port: 8, onConnection: () => {} });
    expect(unread.port).toBe(8);
    const error = missed(sim, { goal: 'an answer', limit: 2000 });
    expect(error).toMatchObject({ code: 'ERR_SIM_GOAL', seed: 11, time: 2500, name: 'SimulationError' });
    expect(error.message.replaceAll(/:\d{5}/g, ':PORT')).toMatchInlineSnapshot(`
      "an answer: not reached at 2500 ms, 2000 ms have passed (seed 11)
        a:
          tcp 10.0.0.1:PORT to 10.0.0.2:7 SYN-SENT, retransmission in 500 ms
          udp [::]:53
        b:
          tcp *:7 LISTEN, 1 in the handshake
          tcp *:8 LISTEN
          tcp 10.0.0.2:7 to 10.0.0.1:PORT SYN-RECEIVED, retransmission in 1510 ms
        c: crashed
        idle: waits for nothing
        link a-b: 3 packets held"
    `);
    expect(held.over).toBe(null);
  });

  it('tells a closed window and connections that nobody reads', () => {
    const sim = simulate({ seed: 11 });
    const [a, b] = [sim.host('a', { tcp: { sendBuffer: 4000 } }), sim.host('b', { tcp: { receiveBuffer: 2000 } })];
    sim.link(a, b);
    b.stack.tcp.listen({ port: 7, onConnection: () => {} });
    talkTo(a, b.address, 50_000);
    const { message } = missed(sim, { goal: 'all of it', limit: 60_000 });
    expect(message).toMatch(
      /a:\n {4}tcp .* ESTABLISHED, \d+ octets not acknowledged, the peer's window is closed, probe of a closed window in \d+ ms/,
    );
    expect(message).toMatch(/b:\n(.*\n)? {4}tcp .* ESTABLISHED, \d+ octets not read/);
  });

  it('cannot be reached when nothing is left to happen, and that is said at once', () => {
    const sim = simulate({ seed: 11 });
    sim.host('a');
    sim.after(70, () => {});
    const error = missed(sim, { goal: 'a miracle' });
    expect(error.message).toBe(
      'a miracle: not reached at 70 ms, nothing is left to happen (seed 11)\n  a: waits for nothing',
    );
  });

  it('lists twenty sockets of a host, and says how many more there are', () => {
    const sim = simulate({ seed: 11 });
    const a = sim.host('a');
    for (let port = 1; port <= 25; port++) a.stack.openUdp().bind({ port });
    const { message } = missed(sim, {});
    expect(message.match(/udp/g)?.length).toBe(20);
    expect(message).toContain('and 5 sockets more');
  });

  it('has what a host says beside its sockets in its message', () => {
    const sim = simulate({ seed: 11 });
    const a = sim.host('a');
    a.waitsFor = () => ['a timer of the application in 5 ms'];
    expect(missed(sim, {}).message).toContain('  a:\n    a timer of the application in 5 ms');
  });
});

describe('time', () => {
  it('that does not go on ends the run', () => {
    const sim = simulate({ seed: 1 });
    const pace = new Pace(sim.scheduler, 1000);
    const again = (): void => {
      sim.after(0, again);
    };
    let ticks = 0;
    const tick = (): void => {
      if (ticks++ < 5000) sim.after(1, tick);
    };
    tick();
    pace.runUntil(6000);
    expect(ticks).toBe(5001);
    sim.after(10, again);
    expect(() => pace.runUntil(Infinity)).toThrow(
      expect.objectContaining({ code: 'ERR_SIM_LIVELOCK', message: expect.stringContaining('at 6010 ms'), time: 6010 }),
    );
  });

  it('does not go back', () => {
    const sim = simulate({ seed: 1 });
    sim.run(100);
    const refused = (act: () => void): void =>
      expect(act).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    refused(() => sim.run(99));
    refused(() => sim.at(99, () => {}));
    refused(() => sim.after(-1, () => {}));
    refused(() => sim.runUntil(() => true, { limit: -1 }));
    refused(() => sim.chance('coin', 2));
    sim.run(100);
    expect(sim.now).toBe(100);
  });

  it('of a day in which nothing happens takes a handful of steps', () => {
    const sim = simulate({ seed: 1 });
    const server = sim.host('server');
    const lan = sim.switch('lan');
    const router = sim.router('router');
    sim.link(lan, router);
    sim.link(router, server, { latency: 5 });
    echo(server);
    const clients = Array.from({ length: 10 }, (_, n) => sim.host(`client ${n}`));
    for (const client of clients) sim.link(client, lan, { latency: 1 });
    let up = 0;
    for (const { stack } of clients) {
      stack.tcp.connect({ address: server.address, port: 7, handler: { onConnect: () => up++ } });
    }
    sim.runUntil(() => up === clients.length);
    sim.run(600_000); // neighbours are confirmed, and forgotten
    const steps = sim.scheduler.runUntil(sim.now + 86_400_000);
    expect(steps).toBeLessThanOrEqual(24);
    expect(server.stack.sockets().filter(({ state }) => state === 'ESTABLISHED').length).toBe(10);
  });
});
