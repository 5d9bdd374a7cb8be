import { describe, expect, it } from 'vitest';
import { both, Lab, type Talk } from './lab.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** When probes leave, ms from `start`. */
function probes(talk: Talk, start: number): number[] {
  return talk.take().map((f) => f.time - start);
}

describe('3.8.4 keep-alives', () => {
  it('MUST-24, MAY-5: keep-alive is switched on and off for each connection', () => {
    both((family) => {
      const lab = new Lab({ family });
      const [one, two] = [lab.dial(), lab.connected({ keepAlive: true, keepAliveIdle: 1000, keepAliveInterval: 1000 })];
      lab.pass(1000);
      expect([one.said().length, two.said().length]).toEqual([0, 1]);
      two.send('ACK').pass(0);
      one.socket.setKeepAlive(true, 1000);
      two.socket.setKeepAlive(false);
      lab.pass(5000);
      expect([one.said().length > 0, two.said().length]).toEqual([true, 0]);
      one.send('ACK').pass(0);
      one.socket.setKeepAlive(false);
      lab.pass(DAY);
      expect([one.said(), two.said(), one.socket.state, two.socket.state]).toEqual([
        [],
        [],
        'ESTABLISHED',
        'ESTABLISHED',
      ]);
    });
  });

  it('MUST-25: keep-alive is off by default: thirty idle days pass without a frame', () => {
    both((family) => {
      const lab = new Lab({ family });
      const talks = [lab.dial(), lab.connected()];
      const sent = lab.packets.length;
      lab.pass(30 * DAY);
      expect(lab.packets.length).toBe(sent);
      for (const talk of talks)
        expect(talk.ask('PSH,ACK', { text: 'x' }).concat(talk.pass(50).said())).toEqual(['ACK 1 ack 2']);
    });
  });

  it('MUST-26: a probe is sent only after silence for the whole interval, with nothing outstanding', () => {
    both((family) => {
      const lab = new Lab({ family });
      const talk = lab.connected({ keepAlive: true, keepAliveIdle: 10_000 });
      // Whatever is heard a moment before puts it off: text, a bare ACK, a duplicate.
      for (const [flags, fields] of [
        ['PSH,ACK', { text: 'x' }],
        ['ACK', {}],
        ['PSH,ACK', { text: 'x', seq: 1 }],
      ] as const) {
        talk.send(flags, fields).pass(100).take();
        talk.pass(9899);
        expect(talk.said(), flags).toEqual([]);
      }
      talk.pass(1);
      expect(talk.said().length).toBe(1);
      talk.send('ACK').pass(0);
      // Outstanding text is retransmitted; the probe waits.
      talk.write('outstanding');
      talk.take();
      talk.pass(300_000);
      const sent = talk.take();
      expect(sent.length).toBeGreaterThan(3);
      expect(sent.every((f) => f.text.length > 0)).toBe(true);
    });
  });

  it('MUST-27: the interval is what the application says', () => {
    both((family) => {
      for (const idle of [1000, HOUR, 5 * HOUR]) {
        const lab = new Lab({ family });
        const before = lab.connected({ keepAlive: true, keepAliveIdle: idle });
        const during = lab.dial();
        during.socket.setKeepAlive(true, idle);
        const start = lab.now;
        lab.pass(idle - 1);
        expect([probes(before, start), probes(during, start)]).toEqual([[], []]);
        lab.pass(1);
        expect([probes(before, start), probes(during, start)], String(idle)).toEqual([[idle], [idle]]);
      }
    });
  });

  it('MUST-28: by default the interval is two hours', () => {
    both((family) => {
      const lab = new Lab({ family });
      const talk = lab.connected({ keepAlive: true });
      const start = lab.now;
      lab.pass(2 * HOUR + 1000);
      const [first] = probes(talk, start);
      expect(first).toBeGreaterThanOrEqual(2 * HOUR);
    });
  });

  it('MUST-29: a probe that is not answered kills nothing; only all of them in a row do', () => {
    both((family) => {
      const settings = { keepAlive: true, keepAliveIdle: 10_000, keepAliveInterval: 1000, keepAliveProbes: 5 };
      const talk = new Lab({ family }).connected(settings);
      // Of every five probes any four go unanswered, for a long time.
      for (let round = 0; round < 20; round++) {
        talk.pass(10_000);
        for (let lost = 0; lost < round % 5; lost++) talk.pass(1000);
        expect(talk.said().length).toBe(1 + (round % 5));
        expect(talk.socket.state).toBe('ESTABLISHED');
        talk.send('ACK').pass(0);
      }
      // All five: it is over, and only after the last had its time.
      talk.pass(10_000 + 5 * 1000 - 1);
      expect([talk.said().length, talk.socket.state]).toEqual([5, 'ESTABLISHED']);
      talk.pass(1);
      expect([talk.socket.state, talk.lab.log.at(-1)]).toEqual(['CLOSED', 'close ETIMEDOUT']);
    });
  });

  it('SHLD-12: a probe has a sequence number already acknowledged, and no text', () => {
    both((family) => {
      const lab = new Lab({ family });
      const talk = lab.connected({ keepAlive: true, keepAliveIdle: 1000 });
      talk.write('twelve chars').send('PSH,ACK', { text: 'x' }).pass(0);
      talk.pass(100).take();
      talk.pass(1000);
      const [probe] = talk.take();
      // SND.NXT is 13: twelve octets after the SYN.
      expect([probe!.from, probe!.text.length, probe!.flags, probe!.upTo]).toEqual([12, 0, 'ACK', 2]);
    });
  });
});
