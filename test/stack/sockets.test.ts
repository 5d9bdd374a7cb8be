import { describe, expect, it } from 'vitest';
import { judgedPair } from '../helpers/conversation.ts';
import { bytes } from '../helpers/endpoint.ts';

const pair = (): ReturnType<typeof judgedPair> => judgedPair(1, { forth: { delay: 10 }, back: { delay: 10 } });

describe('the list of sockets', () => {
  it('is empty on a host with nothing open', () => {
    expect(pair().a.sockets()).toEqual([]);
  });

  it('names listeners by what they are bound to, in the order of their ports', () => {
    const { b } = pair();
    b.tcp.listen({ port: 443, address: '10.0.0.2', backlog: 5 });
    b.tcp.listen({ port: 80 });
    b.tcp.listen({ port: 25, address: '::', ipv6Only: true });
    b.tcp.listen({ port: 7, address: '0.0.0.0' });
    const listening = { protocol: 'tcp', remote: '*:*', state: 'LISTEN', receiveQueue: 0, sendQueue: 0 };
    const idle = { ...listening, halfOpen: 0, waiting: 0, backlog: 511 };
    expect(b.sockets()).toEqual([
      { ...idle, local: '0.0.0.0:7' },
      { ...idle, local: '[::]:25' },
      { ...idle, local: '*:80' },
      { ...idle, local: '10.0.0.2:443', backlog: 5 },
    ]);
    expect(b.sockets(2)).toHaveLength(2);
  });

  it('follows a connection from the half-open queue to TIME-WAIT, with what waits in its queues', () => {
    const { world, a, b } = pair();
    const listener = b.tcp.listen({ port: 80 });
    const client = a.tcp.connect({ address: 'fd00::2', port: 80, localPort: 50_000 });
    const [local, remote] = ['[fd00::1]:50000', '[fd00::2]:80'];
    expect(a.sockets()).toMatchObject([{ local, remote, state: 'SYN-SENT' }]);
    world.run(10);
    expect(b.sockets()).toMatchObject([{ state: 'LISTEN', halfOpen: 1, waiting: 0 }, { state: 'SYN-RECEIVED' }]);
    world.run(30);
    expect(b.sockets()).toMatchObject([
      { state: 'LISTEN', halfOpen: 0, waiting: 1 },
      { local: remote, remote: local, state: 'ESTABLISHED' },
    ]);
    const server = listener.accept()!;
    expect(b.sockets()[0]).toMatchObject({ waiting: 0 });
    client.write(bytes('hello'));
    expect(a.sockets()).toMatchObject([{ state: 'ESTABLISHED', receiveQueue: 0, sendQueue: 5 }]);
    world.run(200);
    expect(a.sockets()[0]).toMatchObject({ sendQueue: 0 });
    expect(b.sockets()[1]).toMatchObject({ receiveQueue: 5 });
    server.consume(5);
    client.end();
    world.run(300);
    expect(b.sockets()[1]).toMatchObject({ state: 'CLOSE-WAIT', receiveQueue: 0 });
    server.end();
    world.run(310);
    expect(a.sockets()).toEqual([
      { protocol: 'tcp', local, remote, state: 'TIME-WAIT', receiveQueue: 0, sendQueue: 0, timeLeft: 60_000 },
    ]);
    world.run(20_310);
    expect(a.sockets()[0]).toMatchObject({ timeLeft: 40_000 });
    world.run();
    expect(a.sockets()).toEqual([]);
    expect(b.sockets()).toMatchObject([{ state: 'LISTEN' }]);
  });

  it('has UDP sockets, unbound, bound and connected', () => {
    const { world, a, b } = pair();
    b.openUdp();
    b.openUdp().bind({ port: 53 });
    const connected = b.openUdp({ family: 4 });
    connected.bind({ port: 68, address: '10.0.0.2' });
    connected.connect({ address: '10.0.0.1', port: 67 });
    a.openUdp().send(bytes('what?'), { address: '10.0.0.2', port: 53 });
    world.run();
    expect(b.sockets()).toMatchObject([
      { protocol: 'udp', local: '*:*', remote: '*:*', state: '', receiveQueue: 0 },
      { local: '[::]:53', remote: '*:*', receiveQueue: 261 },
      { local: '10.0.0.2:68', remote: '10.0.0.1:67', receiveQueue: 0 },
    ]);
    connected.close();
    expect(b.sockets()).toHaveLength(2);
  });
});
