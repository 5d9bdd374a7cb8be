import { describe, expect, it } from 'vitest';
import { code } from '../stack/tcp-peer.ts';
import { octets } from './codec.ts';
import { Lab, PEER, Talk } from './lab.ts';

const ON = { config: { ip: { sourceRoutes: true } } };

/** A loose source route (RFC 791): the pointer, then the addresses. */
function lsrr(pointer: number, ...hops: string[]): number[] {
  return [131, 3 + 4 * hops.length, pointer, ...hops.flatMap(octets)];
}

/** A route that has been gone along: every address is the one that a router sent from. */
function completed(...hops: string[]): number[] {
  return lsrr(4 + 4 * hops.length, ...hops);
}

/** Where the host's segments went first, and their route: '10.0.0.8 via 10.9.9.9 10.0.0.2'. */
function ways(talk: Talk): string[] {
  return talk.take().map((f) => {
    const option = f.ipOptions.slice(f.ipOptions.findIndex((octet) => octet !== 1)); // NOPs may align it
    const [kind, length, pointer] = option;
    if (kind === undefined) return f.dst;
    expect([kind, pointer]).toEqual([131, 4]);
    const hops: string[] = [];
    for (let at = 3; at < length!; at += 4) hops.push(option.slice(at, at + 4).join('.'));
    return `${f.dst} via ${hops.join(' ')}`;
  });
}

/** A listener's connection to which the peer's SYN came by `route`. */
function called(route: readonly number[]): Talk {
  const lab = new Lab(ON);
  lab.listen();
  const talk = new Talk(lab, 80, 4000);
  talk.send('SYN', { ipOptions: route }).pass(0);
  return talk;
}

describe('3.9.2.1 IPv4 source routes', () => {
  it('MUST-51: an active OPEN may name a source route: every segment carries it', () => {
    const lab = new Lab(ON);
    const socket = lab.stack.tcp.connect({ address: PEER[4], port: 9, sourceRoute: ['10.0.0.8', '10.9.9.9'] });
    const talk = new Talk(lab, socket.localPort, 9);
    lab.pass(0);
    expect(ways(talk)).toEqual(['10.0.0.8 via 10.9.9.9 10.0.0.2']);
    talk.send('SYN,ACK').pass(0);
    socket.write(new Uint8Array(3000));
    talk.send('PSH,ACK', { text: 'x' }).pass(1000);
    socket.abort();
    lab.pass(0);
    const later = ways(talk);
    expect(later.length).toBeGreaterThan(4);
    expect([...new Set(later)]).toEqual(['10.0.0.8 via 10.9.9.9 10.0.0.2']);
    // One host only is a route too. What is none is an error, and so is any route where they are switched off.
    const short = lab.stack.tcp.connect({ address: PEER[4], port: 10, sourceRoute: ['10.0.0.8'] });
    lab.pass(0);
    expect(ways(new Talk(lab, short.localPort, 10))).toEqual(['10.0.0.8 via 10.0.0.2']);
    for (const sourceRoute of [[], ['nonsense'], ['fd00::8'], ['224.0.0.1'], new Array<string>(10).fill('10.0.0.8')]) {
      expect(code(() => lab.stack.tcp.connect({ address: PEER[4], port: 11, sourceRoute }))).toBe(
        'ERR_INVALID_ARG_VALUE',
      );
    }
    const off = new Lab();
    expect(code(() => off.stack.tcp.connect({ address: PEER[4], port: 9, sourceRoute: ['10.0.0.8'] }))).toBe(
      'ERR_INVALID_ARG_VALUE',
    );
    expect(off.packets).toEqual([]);
  });

  it('MUST-52: the route that an application named is kept, whatever route a datagram came by', () => {
    const lab = new Lab(ON);
    const socket = lab.stack.tcp.connect({ address: PEER[4], port: 9, sourceRoute: ['10.0.0.8'] });
    const talk = new Talk(lab, socket.localPort, 9);
    lab.pass(0);
    talk.send('SYN,ACK', { ipOptions: completed('10.7.7.7', '10.0.0.9') }).pass(0);
    talk.send('PSH,ACK', { text: 'x', ipOptions: completed('10.0.0.9') }).pass(100);
    socket.write(new Uint8Array(10));
    lab.pass(0);
    const sent = ways(talk);
    expect(sent.length).toBe(4);
    expect([...new Set(sent)]).toEqual(['10.0.0.8 via 10.0.0.2']);
    // A caller that named none sends straight on.
    const plain = lab.connect();
    plain.send('SYN,ACK', { ipOptions: completed('10.0.0.9') }).pass(0);
    plain.write('x');
    expect([...new Set(ways(plain))]).toEqual([PEER[4]]);
  });

  it('MUST-53: a passive OPEN keeps the completed route of the SYN, and all it sends goes back by it', () => {
    const talk = called(completed('10.7.7.7', '10.0.0.9'));
    talk.send('ACK').pass(0);
    const socket = talk.lab.listener!.accept()!;
    socket.write(new Uint8Array(2000));
    talk.send('PSH,ACK', { text: 'x' }).pass(1000);
    socket.end();
    talk.pass(0);
    const sent = ways(talk);
    expect(sent.length).toBeGreaterThan(4);
    expect([...new Set(sent)]).toEqual(['10.0.0.9 via 10.7.7.7 10.0.0.2']);
    // A longer one, and none.
    expect(ways(called(completed('10.5.5.5', '10.6.6.6', '10.0.0.9')))).toEqual([
      '10.0.0.9 via 10.6.6.6 10.5.5.5 10.0.0.2',
    ]);
    expect(ways(called([]))).toEqual([PEER[4]]);
    // Switched off, which is the default, routes are passed over (RFC 7126 4.3).
    const off = new Lab();
    off.listen();
    const plain = new Talk(off, 80, 4000);
    plain.send('SYN', { ipOptions: completed('10.0.0.9') }).pass(0);
    expect(ways(plain)).toEqual([PEER[4]]);
  });

  it('SHLD-24: a route that comes later takes the place of the one before', () => {
    const talk = called(completed('10.0.0.9'));
    talk.send('ACK').pass(0);
    const socket = talk.lab.listener!.accept()!;
    expect(ways(talk)).toEqual(['10.0.0.9 via 10.0.0.2']);
    talk.send('PSH,ACK', { text: 'x', ipOptions: completed('10.7.7.7', '10.0.0.10') }).pass(0);
    socket.write(new Uint8Array(10));
    talk.pass(0);
    expect([...new Set(ways(talk))]).toEqual(['10.0.0.10 via 10.7.7.7 10.0.0.2']);
    // Not that of somebody who only guesses (its sequence number is nowhere near).
    talk.send('ACK', { seq: talk.next + 500_000, ipOptions: completed('10.0.0.66') }).pass(0);
    talk.pass(2000);
    expect([...new Set(ways(talk))]).toEqual(['10.0.0.10 via 10.7.7.7 10.0.0.2']);
  });
});
