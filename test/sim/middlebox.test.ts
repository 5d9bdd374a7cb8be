import { describe, expect, it } from 'vitest';
import type { BoxPacket, Middlebox } from '../../src/link/index.ts';
import { type SimHost, type SimLink, type Simulation, type SimulationOptions, simulate } from '../../src/sim/index.ts';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';
import type { TraceEvent } from '../../src/trace/events.ts';
import { bytes } from '../helpers/endpoint.ts';
import { echo, type Talk, talkTo } from '../helpers/simulated.ts';

const MSS = 2;
const SACK_PERMITTED = 4;
const TIMESTAMPS = 8;
const FIN = 1;
const RST = 4;
const ACK = 16;
const SYN = 2;

interface Pair {
  readonly sim: Simulation;
  readonly a: SimHost;
  readonly b: SimHost;
  readonly link: SimLink;
}

function pair(medium: 'ip' | 'ethernet' = 'ip', options: Partial<SimulationOptions> = {}): Pair {
  const sim = simulate({ seed: 4, ...options });
  const [a, b] = [sim.host('a'), sim.host('b')];
  const link = sim.link(a, b, { latency: 5, medium });
  echo(b);
  return { sim, a, b, link };
}

function finish({ sim, a, b }: Pair, octets: number, address: string = b.address): Talk {
  const talk = talkTo(a, address, octets);
  sim.runUntil(() => talk.over !== null, { goal: 'the conversation is over' });
  return talk;
}

describe('a middlebox', () => {
  it('that only looks changes nothing, whatever is damaged', () => {
    const course = (box: Middlebox | null): TraceEvent[] => {
      const events: TraceEvent[] = [];
      const both = pair('ethernet', { trace: (event) => events.push(event) });
      both.link.set({ corrupt: 0.1, loss: 0.02, duplicate: 0.02 });
      if (box !== null) both.link.middlebox(box);
      expect(finish(both, 30_000)).toMatchObject({ over: 'ok', received: 30_000, intact: true });
      return events;
    };
    let seen = 0;
    expect(course(() => seen++)).toEqual(course(null));
    expect(seen).toBeGreaterThan(50);
  });

  it('strips options: hosts do without selective acknowledgments and timestamps', () => {
    for (const medium of ['ip', 'ethernet'] as const) {
      for (const family of [0, 1]) {
        const both = pair(medium);
        both.link.middlebox((packet) => {
          packet.removeOption(SACK_PERMITTED);
          packet.removeOption(TIMESTAMPS);
        });
        const talk = finish(both, 20_000, both.b.addresses[family]);
        expect(talk).toMatchObject({ over: 'ok', received: 20_000, intact: true });
        expect(talk.socket.info().options).toMatchObject({ sack: false, timestamps: false, wscale: true });
      }
    }
  });

  it('rewrites the MSS', () => {
    const both = pair();
    let largest = 0;
    both.link.middlebox((packet) => {
      if (packet.option(MSS) !== null) packet.setOption(MSS, new Uint8Array([600 >> 8, 600 & 255]));
      largest = Math.max(largest, packet.payload.length);
    });
    expect(finish(both, 20_000)).toMatchObject({ over: 'ok', received: 20_000 });
    expect(largest).toBe(588); // and 12 of timestamps
  });

  it('forges a reset to both ends', () => {
    const both = pair();
    const states: string[] = [];
    both.b.stack.tcp.listen({
      port: 8,
      onConnection: () => {},
      handler: { onClose: (_, error) => states.push(`b ${error?.code}`) },
    });
    both.link.middlebox((packet, direction, { drop, inject }) => {
      if (direction === 'back' || packet.payload.length === 0) return;
      drop();
      const forth = packet.copy();
      Object.assign(forth, { flags: RST, payload: new Uint8Array(0), options: [] });
      inject(forth);
      const back = packet.copy();
      const { src, dst, srcPort, dstPort, ack, seq } = packet;
      Object.assign(back, { src: dst, dst: src, srcPort: dstPort, dstPort: srcPort, seq: ack, ack: seq });
      Object.assign(back, { flags: RST | ACK, payload: new Uint8Array(0), options: [] });
      inject(back, 'back');
    });
    const handler = {
      onConnect: (socket: TcpSocket) => both.sim.after(50, () => socket.write(bytes('x'))),
      onClose: (_: TcpSocket, error: { code: string } | null) => states.push(`a ${error?.code}`),
    };
    both.a.stack.tcp.connect({ address: both.b.address, port: 8, handler });
    both.sim.runUntil(() => states.length === 2, { goal: 'both ends are reset' });
    expect(states.sort()).toEqual(['a ECONNRESET', 'b ECONNRESET']);
    expect(both.sim.now).toBeLessThan(100);
  });

  it('splits segments', () => {
    const both = pair();
    let split = 0;
    both.link.middlebox((packet, _, { inject }) => {
      const { length } = packet.payload;
      if (length < 2) return;
      const second = packet.copy();
      const first = length >> 1;
      second.seq += first;
      second.payload = packet.payload.slice(first);
      packet.payload = packet.payload.slice(0, first);
      packet.flags &= ~FIN;
      inject(second);
      split++;
    });
    expect(finish(both, 50_000)).toMatchObject({ over: 'ok', received: 50_000, intact: true });
    expect(split).toBeGreaterThan(30);
  });

  it('changes the length of the text, as an application gateway does, and keeps the count of it', () => {
    const both = pair();
    both.link.middlebox(gateway('10.0.0.1', '192.0.2.200'));
    let answer = '';
    let over = false;
    both.a.stack.tcp.connect({
      address: both.b.address,
      port: 7,
      handler: {
        onConnect(socket) {
          socket.write(bytes('PORT 10.0.0.1 please'));
          both.sim.after(50, () => socket.write(bytes('; and more')));
          both.sim.after(200, () => socket.end());
        },
        onReadable(socket) {
          answer += String.fromCharCode(...socket.peek());
          socket.consume(socket.readableLength);
        },
        onClose() {
          over = true;
        },
      },
    });
    both.sim.runUntil(() => over, { goal: 'the conversation is over' });
    expect(answer).toBe('PORT 192.0.2.200 please; and more');
  });

  it('drops and delays: what is lost is sent again, what is late is overtaken', () => {
    const both = pair();
    let dropped = 0;
    let delayed = 0;
    both.link.middlebox((packet, direction, { drop, delay }) => {
      if (direction === 'back' || packet.payload.length < 1000) return;
      if (dropped === 0) {
        dropped++;
        drop();
      } else if (delayed++ < 3) delay(40);
    });
    const talk = finish(both, 40_000);
    expect(talk).toMatchObject({ over: 'ok', received: 40_000, intact: true });
    expect(talk.socket.info().totalRetrans).toBeGreaterThan(0);
    expect(both.b.stack.mib.tcp.TcpExtTCPOFOQueue).toBeGreaterThan(0);
  });

  it('is gone when it is removed; two of them see what the other made', () => {
    const both = pair();
    const [ttl, tos]: [number[], number[]] = [[], []];
    const near = both.link.middlebox((packet) => {
      ttl.push(packet.ttl);
      packet.tos = 8;
    });
    both.link.middlebox((packet, direction) => {
      if (direction === 'forth') packet.ttl = 33;
      else tos.push(packet.tos);
    });
    finish(both, 10);
    expect(new Set(ttl)).toEqual(new Set([33, 64]));
    expect(new Set(tos)).toEqual(new Set([8]));
    near.remove();
    const seen = ttl.length;
    finish(both, 10);
    expect(ttl.length).toBe(seen);
  });

  it('leaves a checksum wrong where it is told to', () => {
    const both = pair();
    let once = false;
    both.link.middlebox((packet) => {
      if (once || packet.payload.length === 0) return;
      once = true;
      packet.payload[0]! ^= 255;
      packet.keepChecksum = true;
    });
    expect(finish(both, 100)).toMatchObject({ over: 'ok', received: 100, intact: true });
    expect(both.b.stack.mib.tcp.TcpInCsumErrors).toBe(1);
  });

  it('edits what is not TCP as octets: UDP with its length, ICMP, frames of ARP', async () => {
    for (const [medium, family] of [
      ['ip', 0],
      ['ethernet', 0],
      ['ip', 1],
    ] as const) {
      const both = pair(medium);
      const protocols = new Set<number>();
      both.link.middlebox((packet, direction) => {
        protocols.add(packet.protocol);
        if (packet.protocol === 17 && direction === 'forth') {
          packet.payload = new Uint8Array([...packet.payload, 33]);
        }
      });
      const came: string[] = [];
      const socket = both.b.stack.openUdp();
      socket.bind({ port: 9 });
      socket.onMessage = ({ data }) => came.push(String.fromCharCode(...data));
      const address = both.b.addresses[family]!;
      both.a.stack.openUdp().send(bytes('hi'), { address, port: 9 });
      const ping = both.a.stack.ping(address);
      both.sim.run(5000);
      await ping;
      expect(came).toEqual(['hi!']);
      const icmp = family === 0 ? 1 : 58;
      expect([...protocols].sort()).toEqual(medium === 'ethernet' ? [0, icmp, 17].sort() : [icmp, 17].sort());
    }
  });

  it('is told what cannot be', () => {
    const broken = (change: Middlebox, message: string): void => {
      const both = pair();
      both.link.middlebox(change);
      const error = expect.objectContaining({ code: 'ERR_OUT_OF_RANGE', message: expect.stringContaining(message) });
      expect(() => finish(both, 10)).toThrow(error);
    };
    broken((packet) => packet.setOption(99, new Uint8Array(40)), 'options have');
    broken((packet) => {
      packet.src = 'fd00::7';
    }, "src is 'fd00::7'; it must be an IPv4 address");
    broken((packet) => {
      packet.window = 70_000;
    }, 'window is 70000');
    broken((_, __, { delay }) => delay(-1), 'delay is -1');
    broken((packet) => {
      packet.payload = new Uint8Array(65_536);
    }, 'too large');
  });
});

/** Puts one text in the place of another in what goes forth, in segments that hold all of it, and shifts sequence numbers. */
function gateway(from: string, to: string): Middlebox {
  const delta = to.length - from.length;
  let after: number | null = null;
  return (packet: BoxPacket, direction) => {
    if (!packet.isTcp) return;
    // The blocks of SACK would have to be shifted as well.
    if (packet.flags & SYN) packet.removeOption(SACK_PERMITTED);
    if (direction === 'back') {
      if (after !== null && (packet.ack - after) >> 0 > 0) packet.ack -= delta;
      return;
    }
    const text = String.fromCharCode(...packet.payload);
    if (after !== null && (packet.seq - after) >> 0 > 0) {
      packet.seq += delta;
      return;
    }
    if (!text.includes(from)) return;
    after = packet.seq;
    packet.payload = bytes(text.replace(from, to));
  };
}
