import { describe, expect, it } from 'vitest';
import { tap } from '../../src/link/index.ts';
import { World } from '../../src/sim/index.ts';
import type { Stack } from '../../src/stack/index.ts';
import { mss, timestamps } from './codec.ts';
import { both, Lab, type Talk } from './lab.ts';

/** RFC 6298 2, written down once more. */
class Oracle {
  srtt = -1;
  rttvar = 0;
  rto = 1000;

  sample(r: number): number {
    if (this.srtt < 0) {
      this.srtt = r;
      this.rttvar = r / 2;
    } else {
      this.rttvar = (3 * this.rttvar + Math.abs(this.srtt - r)) / 4;
      this.srtt = (7 * this.srtt + r) / 8;
    }
    // Whole milliseconds, and a margin of 200 (recorded as a deviation).
    this.rto = Math.ceil(this.srtt + Math.max(200, 4 * this.rttvar));
    return this.rto;
  }
}

/** When the segment that begins at `from` is sent, each time, ms from now on. */
function timesOf(talk: Talk, from: number, during: number): number[] {
  const start = talk.lab.now;
  talk.take();
  talk.pass(during);
  return talk.take().flatMap((f) => (f.from === from ? [f.time - start] : []));
}

describe('3.8.1 retransmission timeout', () => {
  it('MUST-18: RTO follows RFC 6298, and with Karn what was sent twice is not measured unless timestamps tell', () => {
    both((family) => {
      for (const on of [false, true]) {
        const lab = new Lab({ family, tcp: { timestamps: on } });
        const talk = lab.dial({ options: [...mss(1460), ...(on ? timestamps(1, 0) : [])] });
        const oracle = new Oracle();
        oracle.sample(0); // the handshake took no time
        for (const rtt of [300, 310, 290, 900, 100, 100, 2000, 700]) {
          talk.write('text');
          if (rtt < talk.socket.info().rto) {
            talk.pass(rtt).send('ACK').pass(0);
            oracle.sample(rtt);
          } else {
            // It is sent again before the ACK of the first comes: only the echo of a timestamp would measure.
            const again = timesOf(talk, talk.expected - 4, rtt);
            expect(again[0]).toBeCloseTo(oracle.rto, 6);
            talk.send('ACK').pass(0);
            // Without a measurement it stays backed off (RFC 6298 5.5). The timestamp clock ticks in milliseconds.
            if (!on) oracle.rto *= 2 ** again.length;
            else oracle.sample(Math.floor(lab.now) - Math.floor(lab.now - rtt + again.at(-1)!));
          }
          expect(talk.socket.info().rto, `${rtt}, timestamps ${on}`).toBeCloseTo(oracle.rto, 3);
        }
        // The timer itself goes by it.
        talk.write('lost');
        expect(timesOf(talk, talk.expected - 4, oracle.rto + 1)[0]).toBeCloseTo(oracle.rto, 6);
      }
      // Before the first measurement: one second.
      const opening = new Lab({ family }).connect();
      expect(timesOf(opening, 0, 1000)).toEqual([1000]);
    });
  });
});

describe('3.8.2 congestion control', () => {
  it('MUST-19: slow start doubles, avoidance adds one segment a round trip, loss halves, time-outs back off twofold', () => {
    both((family) => {
      const size = 1000;
      const lab = new Lab({ family, tcp: { sendBuffer: 4_000_000 } });
      const talk = lab.dial({ options: mss(size) });
      talk.socket.write(new Uint8Array(4_000_000));
      /** One round trip: every segment that came is acknowledged by itself; how many come in answer. */
      const round = (): number => {
        talk.pass(50);
        const flight = talk.take().filter((f) => f.text.length > 0);
        for (const f of flight) talk.send('ACK', { ack: f.from + f.text.length }).pass(0);
        return flight.length;
      };
      // Initial window of RFC 6928, then slow start.
      expect([round(), round(), round()]).toEqual([10, 20, 40]);
      // A loss in the next flight: three duplicates, one retransmission at once, half the window afterwards.
      talk.pass(50);
      const flight = talk.take().filter((f) => f.text.length > 0);
      expect(flight.length).toBe(65); // 65535 octets of peer's window
      const [lost] = flight;
      for (let i = 0; i < 2; i++) talk.send('ACK', { ack: lost!.from }).pass(0);
      expect(talk.take().filter((f) => f.from === lost!.from)).toEqual([]);
      talk.send('ACK', { ack: lost!.from }).pass(0);
      expect(talk.take().filter((f) => f.from === lost!.from).length).toBe(1);
      talk.send('ACK').pass(0);
      // ssthresh = FlightSize / 2 (RFC 5681 3.1 (4)).
      expect(talk.socket.info().sndSsthresh).toBe(32_500);
      // Recovery ends without a burst (RFC 6582 3.2); slow start to ssthresh, then one segment more each round trip.
      expect(Array.from({ length: 10 }, round).slice(1)).toEqual([4, 8, 16, 32, 32, 33, 34, 35, 36]);

      // Silence: each time-out is twice the one before, up to the cap, and one segment is sent each time.
      talk.pass(50).take();
      talk.send('ACK').pass(0);
      const first = talk.take().filter((f) => f.text.length > 0)[0]!;
      const times = timesOf(talk, first.from, 800_000);
      const gaps = times.map((t, i) => t - (times[i - 1] ?? 0));
      const rto = gaps[0]!;
      gaps.forEach((gap, i) => {
        expect(gap).toBeCloseTo(Math.min(rto * 2 ** i, 120_000), 0);
      });
      expect(gaps.length).toBeGreaterThan(10);
      expect(talk.socket.info().sndCwnd).toBe(size);
    });
  });
});

describe('3.8.3 R1 and R2', () => {
  interface Hole {
    readonly world: World;
    readonly a: Stack;
    /** When TCP segments left, and when the neighbour was asked by itself whether it lives (RFC 4861 7.3.3). */
    readonly tcp: number[];
    readonly asked: number[];
    /** From now on nothing arrives. */
    cut(): void;
  }

  /** Two hosts on an Ethernet. */
  function hole(): Hole {
    const world = new World({ seed: 3 });
    const a = world.host('a');
    const b = world.host('b');
    const asked: number[] = [];
    const tcp: number[] = [];
    const { link } = world.join(a, b, {
      medium: 'ethernet',
      wrap: (inner, host) =>
        tap(inner, world.scheduler, (direction, time, packet) => {
          if (direction !== 'send' || host.name !== 'a') return;
          const bytes = packet.buf.subarray(packet.off, packet.off + packet.len);
          const type = bytes[12]! * 256 + bytes[13]!;
          const solicitation = type === 0x86dd && bytes[20] === 58 && bytes[54] === 135;
          if (type === 0x0806 || solicitation) {
            if ((bytes[0]! & 1) === 0) asked.push(time);
          } else if (bytes[type === 0x0800 ? 23 : 20] === 6) tcp.push(time);
        }),
    });
    b.tcp.listen({ port: 80, onConnection: () => {} });
    return { world, a, asked, tcp, cut: () => link.set('send', { loss: 1 }) };
  }

  it('MUST-20: at R1 the IP layer is advised, once; at R2 the connection is closed, and not before', () => {
    for (const address of ['10.0.0.2', 'fd00::2']) {
      const { world, a, asked, tcp, cut } = hole();
      const log: string[] = [];
      const socket = a.tcp.connect({
        address,
        port: 80,
        handler: {
          onSoftError: (_, reason) => void log.push(`soft ${reason} ${tcp.length}`),
          onClose: (_, error) => void log.push(`close ${error?.code}`),
        },
      });
      world.run(20_000);
      expect(socket.state).toBe('ESTABLISHED');
      cut();
      asked.length = 0;
      tcp.length = 0;
      const start = world.now;
      socket.write(new Uint8Array(10));
      world.runUntil(() => log.length > 0);
      // The first, a tail loss probe perhaps, and three retransmissions at least.
      expect(tcp.length).toBeGreaterThanOrEqual(3);
      expect(log[0]).toMatch(/^soft retransmitting /);
      world.run(world.now);
      expect(asked.length).toBe(1);
      const advised = world.now;
      world.run(start + 900_000 - 1);
      expect([log.filter((line) => !line.includes('unreachable')).length, socket.state]).toEqual([1, 'ESTABLISHED']);
      world.run(start + 900_000);
      expect([log.at(-1), socket.state]).toEqual(['close ETIMEDOUT', 'CLOSED']);
      expect(asked.filter((time) => time === advised).length).toBe(1);
      tcp.length = 0;
      world.run(start + 2_000_000);
      expect(tcp).toEqual([]);
    }
  });

  it('MUST-21: R2 is set for each connection, before or while it lasts, to a time or to infinity', () => {
    both((family) => {
      for (const [userTimeout, during] of [
        [5000, false],
        [100_000, false],
        [100_000, true],
        [Infinity, false],
        [Infinity, true],
      ] as const) {
        const lab = new Lab({ family });
        const talk = lab.connected(during ? {} : { userTimeout });
        if (during) talk.socket.setUserTimeout(userTimeout);
        talk.write('text');
        if (userTimeout === Infinity) {
          lab.pass(3 * 86_400_000);
          expect(talk.socket.state).toBe('ESTABLISHED');
          talk.take();
          lab.pass(120_001);
          expect(talk.texts()).toEqual(['1+4']); // it is still tried
          talk.send('ACK').pass(0);
          expect(talk.socket.writableLength).toBe(0);
        } else {
          lab.pass(userTimeout - 1);
          expect([talk.socket.state, lab.log.includes('close ETIMEDOUT')]).toEqual(['ESTABLISHED', false]);
          lab.pass(1);
          expect([talk.socket.state, lab.log.at(-1)]).toEqual(['CLOSED', 'close ETIMEDOUT']);
        }
      }
    });
  });

  it('MUST-22: a SYN goes through the same R1 and R2', () => {
    for (const address of ['10.0.0.2', 'fd00::2']) {
      const { world, a, asked, tcp, cut } = hole();
      const log: string[] = [];
      // The neighbour is known from a connection before.
      const before = a.tcp.connect({ address, port: 80 });
      world.run(20_000);
      before.abort();
      world.run(20_100);
      cut();
      asked.length = 0;
      tcp.length = 0;
      const start = world.now;
      const socket = a.tcp.connect({
        address,
        port: 80,
        handler: {
          onSoftError: (_, reason) => void log.push(`soft ${reason}`),
          onClose: (_, error) => void log.push(`close ${error?.code}`),
        },
      });
      world.runUntil(() => log.length > 0);
      world.run(world.now);
      expect([log, tcp.length, asked.length]).toEqual([['soft retransmitting'], 4, 1]);
      world.run(start + 180_000 - 1);
      expect(socket.state).toBe('SYN-SENT');
      world.run(start + 180_000);
      expect([socket.state, log.at(-1)]).toEqual(['CLOSED', 'close ETIMEDOUT']);
    }
    both((family) => {
      // R2 of the connection holds for its SYN too.
      const lab = new Lab({ family });
      const talk = lab.connect({ userTimeout: 5000 });
      lab.pass(4999);
      expect(talk.socket.state).toBe('SYN-SENT');
      lab.pass(1);
      expect(lab.log).toEqual(['soft retransmitting', 'close ETIMEDOUT'].slice(-lab.log.length));
      expect(talk.socket.state).toBe('CLOSED');
    });
  });

  it('MUST-23: a SYN is tried for at least three minutes, to the end', () => {
    both((family) => {
      const lab = new Lab({ family });
      const talk = lab.connect();
      const start = lab.now;
      lab.pass(179_999);
      expect(talk.socket.state).toBe('SYN-SENT');
      const times = talk.take().map((f) => f.time - start);
      expect(times).toEqual([0, 1000, 3000, 7000, 15_000, 31_000, 63_000, 127_000]);
      lab.pass(1);
      expect(talk.socket.state).toBe('CLOSED');
      // A SYN,ACK for a minute at the least; the answer that comes then is taken.
      const late = lab.connect();
      lab.pass(170_000);
      late.send('SYN,ACK').pass(0);
      expect(late.socket.state).toBe('ESTABLISHED');
    });
  });

  it('SHLD-11: by default text is tried for more than 100 s', () => {
    both((family) => {
      const lab = new Lab({ family });
      const talk = lab.dial();
      talk.write('text');
      lab.pass(100_000);
      expect(talk.socket.state).toBe('ESTABLISHED');
      talk.send('ACK').pass(0);
      expect([talk.socket.writableLength, talk.socket.state]).toEqual([0, 'ESTABLISHED']);
      // Of a connection whose application has gone too.
      talk.socket.write(new Uint8Array(3));
      talk.socket.destroy();
      lab.pass(99_999);
      expect(talk.socket.state).toBe('FIN-WAIT-1');
    });
  });

  it('SHLD-9, SHLD-10: the application hears at R1, after three retransmissions, that text does not get through', () => {
    both((family) => {
      const lab = new Lab({ family });
      const talk = lab.dial();
      talk.write('text');
      const told: number[] = [];
      for (let i = 0; i < 2000; i++) {
        talk.pass(10);
        if (lab.log.length > told.length) told.push(talk.all().filter((f) => f.from === 1).length - 1);
      }
      expect(lab.log).toEqual(['soft retransmitting']);
      expect(told[0]).toBeGreaterThanOrEqual(3);
      expect(talk.socket.state).toBe('ESTABLISHED');
    });
  });
});
