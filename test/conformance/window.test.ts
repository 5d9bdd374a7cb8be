import { describe, expect, it } from 'vitest';
import { judgedPair } from '../helpers/conversation.ts';
import { mss, SACK_PERMITTED, windowScale } from './codec.ts';
import { both, type Family, type Heard, Lab, pattern, type Setup, type Talk } from './lab.ts';

const HOUR = 3_600_000;

/** A connection with `count` segments of 1000 octets outstanding, the first at 1. */
function outstanding(family: Family, count: number, setup: Setup = {}, sack = false): Talk {
  const options = [...mss(1000), ...(sack ? SACK_PERMITTED : [])];
  const talk = new Lab({ ...setup, family, tcp: { sack, ...setup.tcp } }).dial({ options });
  talk.write(count * 1000);
  talk.take();
  return talk;
}

/** Text sent from now on during `ms`. */
function sentDuring(talk: Talk, ms: number): Heard[] {
  talk.take();
  talk.pass(ms);
  return talk.take().filter((f) => f.text.length > 0);
}

describe('3.8.6 window management', () => {
  it('MUST-34: a sender survives a window that shrinks below what it has sent, and delivers everything later', () => {
    both((family) => {
      for (const sack of [false, true]) {
        for (const window of [0, 1, 999, 2500]) {
          const talk = outstanding(family, 8, {}, sack);
          talk.send('ACK', { ack: 1, window }).pass(0);
          talk.socket.write(new Uint8Array(5000));
          const highest = talk.expected;
          sentDuring(talk, 3000);
          expect(talk.expected, 'nothing new').toBe(highest);
          expect(talk.socket.info().sndWnd).toBe(window);
          // The window opens again.
          for (let i = 0; i < 30 && talk.socket.writableLength > 0; i++) {
            const before = talk.socket.writableLength;
            talk.send('ACK', { window: 60_000 }).pass(before === talk.socket.writableLength ? 1000 : 0);
          }
          expect([talk.socket.writableLength, talk.expected, talk.socket.state]).toEqual([0, 13_001, 'ESTABLISHED']);
        }
      }
    });
  });

  it('MUST-35: a window that shrinks to zero with text outstanding is probed on the persist schedule', () => {
    both((family) => {
      for (const sack of [false, true]) {
        const talk = outstanding(family, 4, {}, sack);
        talk.pass(50).send('ACK', { ack: 1, window: 0 }).pass(0);
        const start = talk.lab.now;
        const { rto } = talk.socket.info();
        talk.take();
        const gaps: number[] = [];
        let last = start;
        for (let i = 0; i < 6; i++) {
          for (let waited = 0; waited < 60_000 && talk.take().length === 0; waited += 10) talk.pass(10);
          gaps.push(Math.round((talk.lab.now - last) / rto));
          last = talk.lab.now;
          talk.send('ACK', { ack: 1, window: 0 }).pass(0);
        }
        expect(gaps).toEqual([1, 2, 4, 8, 16, 32]);
      }
    });
  });

  it('MUST-36: a zero window is probed, so that a lost window update is no deadlock', () => {
    both((family) => {
      for (const tcp of [{}, { sack: true, timestamps: true }]) {
        const talk = new Lab({ family, tcp }).dial({ window: 0, options: [...mss(1000), ...SACK_PERMITTED] });
        talk.write('waiting');
        expect(talk.said()).toEqual([]);
        talk.pass(2000);
        const probes = talk.take();
        expect(probes.length).toBeGreaterThan(0);
        for (const f of probes) expect([f.from, f.text.length]).toEqual([1, 1]);
        // The update was lost; the answer to the next probe says it again.
        talk.pass(60_000);
        talk.send('ACK', { ack: 1, window: 1000 }).pass(1000);
        talk.send('ACK').pass(0);
        expect(talk.expected).toBe(8);
      }
      // A FIN that finds the window closed is probed with too.
      const closing = new Lab({ family }).dial({ window: 0 });
      closing.socket.end();
      closing.pass(2000);
      expect(closing.said().some((line) => line.startsWith('FIN'))).toBe(true);
    });
    // Both ends real: the reader sleeps, the one update is lost.
    const pair = judgedPair(4, {}, { receiveBuffer: 8000 });
    const listener = pair.b.tcp.listen({ port: 80 });
    const socket = pair.a.tcp.connect({ address: '10.0.0.2', port: 80 });
    pair.world.run(100);
    socket.write(pattern(20_000));
    pair.world.run(5000);
    pair.wire.link.set('receive', { loss: 1 });
    const got: number[] = [];
    const reader = listener.accept()!;
    const read = (): void => {
      const target = new Uint8Array(reader.readableLength);
      reader.read(target);
      got.push(...target);
    };
    read();
    pair.world.run(6000);
    pair.wire.link.set('receive', { loss: 0 });
    for (let i = 0; i < 100; i++) {
      pair.world.run(pair.world.now + 1000);
      read();
    }
    expect(Uint8Array.from(got)).toEqual(pattern(20_000));
  });

  it('MUST-37: while zero-window probes are acknowledged the connection stays open, for days', () => {
    both((family) => {
      const talk = new Lab({ family }).dial({ window: 0 });
      talk.write('waiting');
      let answered = 0;
      for (const end = talk.lab.now + 48 * HOUR; talk.lab.now < end; ) {
        talk.pass(30_000);
        if (talk.take().length === 0) continue;
        answered++;
        talk.send('ACK', { ack: 1, window: 0 }).pass(0);
      }
      expect(talk.socket.state).toBe('ESTABLISHED');
      expect(answered).toBeGreaterThan(1000);
      talk.send('ACK', { ack: 1, window: 1000 }).pass(1000);
      talk.send('ACK').pass(0);
      expect([talk.socket.writableLength, talk.lab.log.filter((line) => line.startsWith('close'))]).toEqual([0, []]);
    });
  });

  it('SHLD-29: the first zero-window probe is sent when the window has been zero for one RTO', () => {
    both((family) => {
      for (const rtt of [0, 400]) {
        const talk = new Lab({ family }).dial();
        talk.write('x');
        talk.pass(rtt).send('ACK').pass(0);
        talk.write('y');
        const start = talk.lab.now;
        talk.send('ACK', { window: 0 }).pass(0).write('z');
        const { rto } = talk.socket.info();
        talk.take();
        talk.pass(rto - 1);
        expect(talk.said()).toEqual([]);
        talk.pass(1);
        const [probe] = talk.take();
        expect(probe!.time - start).toBeCloseTo(rto, 6);
        expect(probe!.text.length).toBe(1);
      }
    });
  });

  it('SHLD-30: probes come at intervals that double, up to a minute', () => {
    both((family) => {
      const talk = new Lab({ family }).dial({ window: 0 });
      talk.write('x');
      const { rto } = talk.socket.info();
      const start = talk.lab.now;
      talk.pass(600_000);
      const times = talk.take().map((f) => f.time - start);
      const gaps = times.map((t, i) => t - (times[i - 1] ?? 0));
      gaps.forEach((gap, i) => {
        expect(gap).toBeCloseTo(Math.min(rto * 2 ** i, 60_000), 6);
      });
      expect(gaps.length).toBeGreaterThan(15);
    });
  });

  it('MUST-38: a sender leaves small pieces of window alone, unless a timer or the end of its text says otherwise', () => {
    both((family) => {
      const talk = new Lab({ family }).dial({ options: mss(1000), window: 4000 });
      talk.write(50_000);
      // The receiver reads one octet at a time: its window opens by one with every ACK, far quicker than any timer.
      const segments: number[] = [];
      let edge = 4001;
      for (let i = 0; i < 3000; i++) {
        talk.send('ACK', { window: Math.max(edge - talk.expected, 0) }).pass(0);
        edge++;
        segments.push(...talk.take().flatMap((f) => (f.text.length > 0 ? [f.text.length] : [])));
      }
      expect(segments.length).toBeGreaterThan(5);
      expect(Math.min(...segments)).toBeGreaterThanOrEqual(1000); // min(MSS, half the largest window)
      // With a largest window of 600 half of it is 300.
      const narrow = new Lab({ family }).dial({ options: mss(1000), window: 600 });
      narrow.write(5000);
      narrow.take();
      narrow.send('ACK', { window: 299 }).pass(0);
      expect(narrow.texts()).toEqual([]);
      narrow.send('ACK', { window: 300 }).pass(0);
      expect(narrow.texts()).toEqual(['601+300']);
      // The override: a silly window that stays is used within a second.
      narrow.send('ACK', { window: 10 }).pass(0);
      expect(narrow.texts()).toEqual([]);
      const start = narrow.lab.now;
      narrow.pass(1000);
      const [first] = narrow.take();
      expect(first!.text.length).toBe(10);
      expect(first!.time - start).toBeGreaterThanOrEqual(100);
      // What empties the queue goes, however small.
      const last = new Lab({ family }).dial({ options: mss(1000), window: 4000 });
      last.write('x');
      expect(last.texts()).toEqual(['1+1']);
    });
  });

  it('MUST-39: a receiver moves its right edge only by a segment or half its buffer at least', () => {
    both((family) => {
      for (const receiveBuffer of [1000, 8000, 60_000]) {
        const lab = new Lab({ family });
        lab.listen({ receiveBuffer });
        const talk = lab.dial();
        const announced = 1500 - (family === 4 ? 40 : 60);
        const least = Math.min(receiveBuffer / 2, announced);
        const edges = [talk.all()[0]!.edge];
        const note = (): void => {
          for (const f of talk.take()) if (f.edge !== edges.at(-1)) edges.push(f.edge);
        };
        const fill = (): void => {
          while (talk.next < edges.at(-1)!) {
            talk.send('ACK', { text: pattern(Math.min(edges.at(-1)! - talk.next, 700)) }).pass(50);
            note();
          }
        };
        fill();
        expect(talk.socket.readableLength).toBe(receiveBuffer);
        const octet = new Uint8Array(1);
        for (let i = 0; i < 3 * receiveBuffer && i < 9000; i++) {
          talk.socket.read(octet);
          if (i % 10 === 0) {
            talk.send('ACK', { text: 'p', seq: talk.next }).pass(0); // a probe
            if (talk.next > edges.at(-1)!) talk.next--;
          }
          talk.pass(0);
          note();
          if (i % 100 === 99) fill();
        }
        expect(edges.length).toBeGreaterThan(2);
        edges.slice(1).forEach((edge, i) => {
          expect(edge - edges[i]!, String(receiveBuffer)).toBeGreaterThanOrEqual(least);
        });
      }
    });
  });

  it('MAY-8: a window may stay closed for as long as the application does not read', () => {
    both((family) => {
      const lab = new Lab({ family });
      lab.listen({ receiveBuffer: 1000 });
      const talk = lab.dial();
      talk.send('ACK', { text: pattern(1000) }).pass(100);
      talk.take();
      for (let i = 0; i < 2000; i++) {
        talk.pass(60_000);
        talk.send('ACK', { text: 'p', seq: 1001 }).pass(0);
        talk.next = 1001;
        const [answer] = talk.take();
        expect([answer!.window, answer!.upTo]).toEqual([0, 1001]);
      }
      expect([talk.socket.state, talk.socket.readableLength]).toEqual(['ESTABLISHED', 1000]);
      talk.read();
      expect(talk.take()[0]!.window).toBe(1000);
    });
  });

  it('MUST-66: RST and URG (and ACK) are processed though the receive window is zero', () => {
    both((family) => {
      const closed = (): Talk => {
        const lab = new Lab({ family });
        lab.listen({ receiveBuffer: 100 });
        const talk = lab.dial();
        talk
          .write('text')
          .send('ACK', { ack: 1, text: pattern(100) })
          .pass(100);
        expect(talk.take().at(-1)!.window).toBe(0);
        return talk;
      };
      const urgent = closed();
      urgent.send('ACK,URG', { urgent: 20, ack: 1 }).pass(0);
      expect([urgent.lab.log.at(-1), urgent.socket.urgentRemaining]).toEqual(['urgent', 120]);
      const ack = closed();
      ack.send('ACK').pass(0);
      expect(ack.socket.writableLength).toBe(0);
      // On text for which there is no room they count as well.
      const probe = closed();
      probe.send('ACK,URG', { text: 'p', urgent: 1 }).pass(0);
      expect([probe.lab.log.at(-1), probe.socket.writableLength, probe.socket.readableLength]).toEqual([
        'urgent',
        0,
        100,
      ]);
      const reset = closed();
      reset.send('RST').pass(0);
      expect(reset.lab.log.at(-1)).toBe('close ECONNRESET');
      // But not a reset from elsewhere.
      const blind = closed();
      blind
        .send('RST', { seq: blind.next + 1 })
        .send('RST', { seq: blind.next - 1 })
        .pass(0);
      expect(blind.socket.state).toBe('ESTABLISHED');
    });
  });

  it('SHLD-14: a receiver does not take window back: its right edge never moves left', () => {
    both((family) => {
      for (const receiveBuffer of [3000, 50_000, 500_000]) {
        for (const windowScaling of [false, true]) {
          const lab = new Lab({ family, tcp: { windowScaling } });
          lab.listen({ receiveBuffer });
          const talk = lab.dial({ options: [...mss(1400), ...windowScale(0)] });
          const unit = windowScaling ? 2 ** talk.socket.info().rcvWscale : 1;
          let edge = talk.all()[0]!.edge;
          const check = (): void => {
            for (const f of talk.take()) {
              const right = f.upTo + f.window * unit;
              // A full buffer can make the shift round down: less than one unit of it.
              expect(right, `${receiveBuffer} ${windowScaling}`).toBeGreaterThan(edge - unit);
              edge = Math.max(edge, right);
            }
          };
          for (let i = 0; i < 600; i++) {
            const size = Math.min(1 + ((i * 577) % 1400), Math.max(edge - talk.next, 0));
            if (size > 0) talk.send('ACK', { text: pattern(size) });
            const { next } = talk;
            if (i % 7 === 3) talk.send('ACK', { text: 'beyond', seq: next + 50 });
            talk.next = next;
            talk.pass(i % 3 === 0 ? 50 : 0);
            check();
            if (i % 5 === 4) talk.socket.read(new Uint8Array((i * 191) % 7000));
            talk.pass(0);
            check();
          }
          expect(edge).toBeGreaterThan(Math.min(receiveBuffer, 60_000));
        }
      }
    });
  });

  it('SHLD-15: after a shrink no new text is sent', () => {
    both((family) => {
      for (const sack of [false, true]) {
        const talk = outstanding(family, 6, {}, sack);
        talk.send('ACK', { ack: 1, window: 3000 }).pass(0);
        talk.write(20_000);
        const next = talk.expected;
        expect(next).toBe(6001);
        for (let i = 0; i < 6; i++) {
          // The edge stays at 3001 while everything up to it is acknowledged.
          const ack = Math.min(1 + i * 500, 3001);
          for (const f of sentDuring(talk, 500)) expect(f.from + f.text.length).toBeLessThanOrEqual(next);
          talk.send('ACK', { ack, window: 3001 - ack }).pass(0);
        }
        for (const f of sentDuring(talk, 100_000)) expect(f.from + f.text.length).toBeLessThanOrEqual(next);
      }
    });
  });

  it('SHLD-16: after a shrink old text that lies in the window is still sent again, and no more than that', () => {
    both((family) => {
      for (const sack of [false, true]) {
        for (const window of [3000, 2500, 300]) {
          const talk = outstanding(family, 6, {}, sack);
          talk.send('ACK', { ack: 1, window }).pass(0);
          const again = sentDuring(talk, 20_000);
          expect(again.length).toBeGreaterThan(0);
          expect(again[0]!.from).toBe(1);
          for (const f of again)
            expect(f.from + f.text.length, `sack ${sack}, window ${window}`).toBeLessThanOrEqual(1 + window);
          // As ACKs come the rest of the window follows.
          const reached = new Set<number>();
          for (let ack = 1; ack < 1 + window; ) {
            talk.send('ACK', { ack, window: 1 + window - ack }).pass(0);
            const text = sentDuring(talk, 130_000);
            for (const f of text) reached.add(f.from + f.text.length);
            ack = Math.max(ack + 1, ...text.map((f) => f.from + f.text.length));
            expect(ack).toBeLessThanOrEqual(1 + window);
          }
          expect(Math.max(...reached, ...again.map((f) => f.from + f.text.length))).toBe(1 + window);
        }
      }
    });
  });

  it('SHLD-17: text beyond the right edge that stays unacknowledged does not time the connection out', () => {
    both((family) => {
      for (const sack of [false, true]) {
        const talk = outstanding(family, 6, { config: { tcp: { r2: 100_000 } } }, sack);
        for (const ack of [1, 2001]) {
          talk.send('ACK', { ack, window: 0 }).pass(0);
          for (let i = 0; i < 300; i++) {
            talk.pass(1000);
            if (talk.take().length > 0) talk.send('ACK', { ack, window: 0 }).pass(0);
          }
        }
        expect([talk.socket.state, talk.lab.log.filter((line) => line.startsWith('close'))]).toEqual([
          'ESTABLISHED',
          [],
        ]);
        talk.send('ACK', { ack: 2001, window: 10_000 }).pass(1000);
        talk.send('ACK').pass(0);
        expect(talk.socket.writableLength).toBe(0);
      }
    });
  });

  it('MAY-7: of what lies beyond a shrunk window nothing is sent again; it could be, but is not', () => {
    both((family) => {
      for (const sack of [false, true]) {
        const talk = outstanding(family, 6, {}, sack);
        talk.send('ACK', { ack: 1, window: 2000 }).pass(0);
        for (const f of sentDuring(talk, 60_000)) {
          expect(f.from + f.text.length, `sack ${sack}`).toBeLessThanOrEqual(2001);
        }
      }
    });
  });
});
