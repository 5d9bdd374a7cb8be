import { describe, expect, it } from 'vitest';
import { talk as converse, judgedPair, stream } from '../helpers/conversation.ts';
import { distance, mss, SACK_PERMITTED } from './codec.ts';
import { both, Lab, pattern } from './lab.ts';

describe('3.8.6.3, 3.10.7.4 acknowledgments', () => {
  it('SHLD-18: a single segment in order is acknowledged by a timer, not at once', () => {
    both((family) => {
      const lab = new Lab({ family });
      const talk = lab.dial();
      expect(talk.ask('PSH,ACK', { text: 'text' })).toEqual([]);
      talk.pass(499);
      const [ack] = talk.take();
      expect([ack!.flags, ack!.upTo, ack!.text.length]).toEqual(['ACK', 5, 0]);
      // Text of our own carries it, if there is some before.
      talk.send('PSH,ACK', { text: 'more' }).pass(0);
      talk.write('answer');
      expect(talk.said()).toEqual(['PSH,ACK 1+6 ack 9']);
      talk.pass(1000);
      expect(talk.take().every((f) => f.text.length > 0)).toBe(true);
    });
  });

  it('MUST-40: a delayed ACK comes before half a second is over, and no setting allows more', () => {
    both((family) => {
      for (const delayedAck of [undefined, 0, 1, 200, 499]) {
        const lab = new Lab({ family, config: { tcp: delayedAck === undefined ? {} : { delayedAck } } });
        const talk = lab.dial();
        for (const gap of [0, 10, 600, 3000]) {
          talk.pass(gap).send('PSH,ACK', { text: 'x' });
          const at = lab.now;
          talk.pass(600);
          const ack = talk.take().find((f) => f.upTo === talk.next);
          expect(ack, `${delayedAck} ${gap}`).toBeDefined();
          expect(ack!.time - at).toBeLessThan(500);
        }
      }
      for (const delayedAck of [500, 1000]) {
        expect(() => new Lab({ family, config: { tcp: { delayedAck } } })).toThrow(/delayedAck/);
      }
    });
    // In whole conversations too: whatever arrives in order is acknowledged within half a second.
    for (const seed of [1, 2]) {
      const pair = judgedPair(seed, { forth: { loss: 0.03, delay: 20 }, back: { reorder: 0.05, delay: 20 } });
      const [forth, back] = [stream(pattern(40_000)), stream(pattern(20_000))];
      pair.b.tcp.listen({ port: 80, onConnection: (socket) => converse(socket, back, forth, 700) });
      converse(pair.a.tcp.connect({ address: '10.0.0.2', port: 80 }), forth, back, 300);
      pair.world.run(600_000);
      let arrived = { at: 0, upTo: -1 };
      let worst = 0;
      let seen = 0;
      for (const e of pair.trace) {
        if (e.type !== 'segment-received' && e.type !== 'segment-sent') continue;
        if (e.host !== 'b') continue;
        const { segment } = e;
        if (e.type === 'segment-received' && segment.length > 0) {
          const upTo = segment.seq + segment.length;
          if (arrived.upTo < 0) arrived = { at: e.time, upTo };
        } else if (e.type === 'segment-sent' && arrived.upTo >= 0) {
          // Any ACK answers: it covers the text, or says that something before it is missing.
          worst = Math.max(worst, e.time - arrived.at);
          arrived.upTo = -1;
          seen++;
        }
      }
      expect(seen).toBeGreaterThan(5);
      expect(worst).toBeLessThan(500);
    }
  });

  it('SHLD-19: at least every second full-sized segment, or its worth, is acknowledged at once', () => {
    both((family) => {
      const talk = new Lab({ family }).dial();
      let unacknowledged = 0;
      for (let i = 0; i < 40; i++) {
        talk.send('ACK', { text: pattern(1400) }).pass(0);
        unacknowledged += 1400;
        for (const f of talk.take()) unacknowledged = talk.next - f.upTo;
        expect(unacknowledged, `segment ${i}`).toBeLessThan(2 * 1400);
        talk.read();
        talk.take();
      }
      // Two octets' worth in small segments after large ones: by amount, not by number.
      talk.pass(500);
      for (let i = 0; i < 30; i++) {
        talk.send('ACK', { text: pattern(500) }).pass(0);
        for (const f of talk.take()) unacknowledged = talk.next - f.upTo;
        expect(unacknowledged).toBeLessThan(2 * 1400);
        unacknowledged += 500;
        if (unacknowledged >= 2 * 1400 + 500) throw new Error('nothing was acknowledged');
      }
    });
  });

  it('MUST-58: segments that arrive together are acknowledged together', () => {
    both((family) => {
      for (const n of [2, 5, 20]) {
        const talk = new Lab({ family }).dial();
        for (let i = 0; i < n; i++) talk.send('ACK', { text: pattern(1000) });
        talk.pass(0);
        const acks = talk.take();
        expect(acks.length).toBeGreaterThan(0);
        expect(acks.length, `${n} segments`).toBeLessThan(n);
        expect(acks.at(-1)!.upTo).toBe(1 + n * 1000);
      }
    });
  });

  it('MUST-59: everything that waits is processed before any of it is acknowledged', () => {
    both((family) => {
      const lab = new Lab({ family });
      const [one, two] = [lab.dial(), lab.dial()];
      for (let i = 0; i < 10; i++) {
        one.send('ACK', { text: pattern(1000) });
        two.send('ACK', { text: pattern(1000) });
      }
      one.send('FIN,ACK');
      lab.pass(0);
      expect([one.said(), two.said()]).toEqual([['ACK 1 ack 10002'], ['ACK 1 ack 10001']]);
      // An answer that the application gives to the first of them goes out after the last of them too.
      const echo = new Lab({ family });
      echo.listen({}, { onReadable: (s) => void s.write(new Uint8Array(3)) });
      const talk = echo.dial();
      for (let i = 0; i < 4; i++) talk.send('ACK', { text: pattern(100) });
      talk.pass(0);
      expect(talk.said()).toEqual(['PSH,ACK 1+3 ack 401']);
    });
  });

  it('SHLD-31: text beyond a gap is kept: when the gap is filled nothing has to be sent again', () => {
    both((family) => {
      const talk = new Lab({ family }).dial();
      const at = talk.next;
      talk.send('ACK', { text: 'cc', seq: at + 4 }).pass(0);
      talk.send('ACK', { text: 'ee', seq: at + 8 }).pass(0);
      talk.send('ACK', { text: 'bb', seq: at + 2 }).pass(0);
      expect([talk.read(), talk.socket.readableLength]).toEqual(['', 0]);
      talk.take();
      expect(talk.ask('ACK', { text: 'aa', seq: at })).toEqual([`ACK 1 ack ${at + 6}`]);
      expect(talk.read()).toBe('aabbcc');
      talk.take();
      // A FIN beyond a gap as well.
      talk.send('FIN,ACK', { text: 'ff', seq: at + 10 }).pass(0);
      expect(talk.socket.state).toBe('ESTABLISHED');
      talk.take();
      expect(talk.ask('ACK', { text: 'dd', seq: at + 6 })).toEqual([`ACK 1 ack ${at + 13}`]);
      expect([talk.read(), talk.socket.state]).toEqual(['ddeeff', 'CLOSE-WAIT']);
    });
  });

  it('MAY-13: a segment beyond a gap is acknowledged at once, each of them, and with SACK it is named', () => {
    both((family) => {
      const plain = new Lab({ family }).dial();
      for (let i = 1; i <= 3; i++) {
        expect(plain.ask('ACK', { text: 'x', seq: 1 + 10 * i })).toEqual(['ACK 1 ack 1']);
      }
      // Even in one burst each makes its duplicate: they are counted (RFC 5681 4.2).
      for (let i = 4; i <= 6; i++) plain.send('ACK', { text: 'x', seq: 1 + 10 * i });
      plain.pass(0);
      expect(plain.said()).toEqual(['ACK 1 ack 1', 'ACK 1 ack 1', 'ACK 1 ack 1']);
      const named = new Lab({ family, tcp: { sack: true } }).dial({ options: [...mss(1400), ...SACK_PERMITTED] });
      named.send('ACK', { text: 'beyond', seq: 100 }).pass(0);
      const [ack] = named.take();
      const block = ack!.options!.find((o) => o.kind === 5)!.data;
      const edge = (from: number): number =>
        distance(
          block.slice(from, from + 4).reduce((sum, octet) => sum * 256 + octet, 0),
          named.irs,
        );
      expect([edge(0), edge(4)]).toEqual([100, 106]);
    });
  });

  it('MAY-12: an ACK from before SND.UNA - MAX.SND.WND is an injection: challenged, at a bounded rate; one inside is not', () => {
    both((family) => {
      const lab = new Lab({ family });
      const talk = lab.dial({ window: 1000 });
      for (let i = 0; i < 20; i++) talk.write(500).send('ACK', { window: 1000 }).pass(0);
      talk.take();
      const una = talk.expected;
      // One octet too old: not taken, answered; again within the interval: not answered.
      expect(talk.ask('PSH,ACK', { text: 'evil', ack: una - 1001 })).toEqual([`ACK ${una} ack 1`]);
      talk.next = 1;
      expect(talk.socket.readableLength).toBe(0);
      expect(talk.ask('PSH,ACK', { text: 'evil', ack: una - 1001 })).toEqual([]);
      talk.next = 1;
      talk.pass(499);
      expect(talk.ask('PSH,ACK', { text: 'evil', ack: una - 5000 })).toEqual([]);
      talk.next = 1;
      talk.pass(1);
      expect(talk.ask('PSH,ACK', { text: 'evil', ack: una - 5000 }).length).toBe(1);
      talk.next = 1;
      expect(talk.socket.readableLength).toBe(0);
      // And of what was never sent.
      expect(talk.ask('PSH,ACK', { text: 'evil', ack: una + 1 })).toEqual([]);
      talk.next = 1;
      expect(talk.socket.readableLength).toBe(0);
      talk.send('PSH,ACK', { text: 'good', ack: una - 1000 }).pass(0);
      expect(talk.read()).toBe('good');
      expect(lab.stack.counters()['TcpExtTCPACKSkipped']).toBe(3);
    });
  });
});
