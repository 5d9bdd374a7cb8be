import { describe, expect, it } from 'vitest';
import { mss } from './codec.ts';
import { both, Lab, Talk } from './lab.ts';

const CE = 3;
const ECT = [1, 2];

/** Rounds of acknowledging everything, each segment by itself: how many octets come in each. */
function rounds(talk: Talk, count: number, ms = 100): number[] {
  return Array.from({ length: count }, () => {
    talk.pass(ms);
    const flight = talk.take().filter((f) => f.text.length > 0);
    for (const f of flight) talk.send('ACK', { ack: f.from + f.text.length }).pass(0);
    return flight.reduce((sum, f) => sum + f.text.length, 0);
  });
}

describe('3.8.2 ECN and other congestion control', () => {
  it('SHLD-8: ECN: agreed on by the SYNs, ECT on new text only, CE echoed until CWR, one reduction a round trip', () => {
    both((family) => {
      // Asked for by both flags, accepted by ECE alone.
      const lab = new Lab({ family, tcp: { ecn: 'request', noDelay: true, sendBuffer: 4_000_000 } });
      const talk = lab.connect();
      const [syn] = talk.take();
      expect([syn!.flags, syn!.ecn]).toEqual(['SYN,ECE,CWR', 0]);
      talk.send('SYN,ACK,ECE', { options: mss(1000) }).pass(0);
      expect(talk.take().map((f) => [f.flags, f.ecn])).toEqual([['ACK', 0]]);
      // ECT: new text only.
      talk.write(3000);
      expect(talk.take().every((f) => ECT.includes(f.ecn))).toBe(true);
      talk.pass(3000);
      const again = talk.take();
      expect(again.length).toBeGreaterThan(0);
      expect(again.every((f) => f.ecn === 0)).toBe(true);
      talk.send('ACK').pass(0);
      talk.send('PSH,ACK', { text: 'x' }).pass(200);
      expect(talk.take().map((f) => [f.flags, f.ecn])).toEqual([['ACK', 0]]);

      // A mark that arrives is echoed on every ACK until the peer says that it has heard.
      talk.send('ACK', { text: 'marked', tos: CE }).pass(0);
      talk.send('ACK', { text: 'not marked', tos: 2 }).pass(200);
      expect(talk.take().map((f) => f.flags)).toEqual(['ACK,ECE', 'ACK,ECE']);
      talk.send('ACK,CWR', { text: 'slower', tos: 2 }).pass(200);
      expect(talk.take().map((f) => f.flags)).toEqual(['ACK']);

      // A mark that is echoed reduces the window once a round trip, without anything being sent again.
      talk.socket.write(new Uint8Array(2_000_000));
      rounds(talk, 4);
      talk.pass(0);
      const before = talk.socket.info().sndCwnd;
      const flight = talk.take().filter((f) => f.text.length > 0);
      for (const f of flight) talk.send('ACK,ECE', { ack: f.from + f.text.length }).pass(0);
      const reduced = talk.socket.info().sndCwnd;
      expect(reduced).toBeLessThan(before);
      expect(reduced).toBeGreaterThanOrEqual(before * 0.5 - 1000);
      const next = talk.take().filter((f) => f.text.length > 0);
      expect(next.filter((f) => f.flags.includes('CWR')).length).toBe(1);
      expect(next[0]!.flags).toContain('CWR');
      expect(Math.min(...next.map((f) => f.from))).toBe(flight.at(-1)!.from + flight.at(-1)!.text.length);
      // Everything of this round trip has been asked for: the next echo is news again.
      talk.send('ACK,ECE', { ack: next[0]!.from }).pass(0);
      expect(talk.socket.info().sndCwnd).toBe(reduced);

      // Where the peer does not take part nothing is marked, and a SYN,ACK that mirrors both flags is no agreement.
      for (const flags of ['SYN,ACK', 'SYN,ACK,ECE,CWR']) {
        const plain = lab.connect();
        plain.send(flags, { options: mss(1000) }).pass(0);
        plain.write(2000);
        expect(
          plain.all().every((f) => f.ecn === 0),
          flags,
        ).toBe(true);
      }
      // A listener accepts.
      const server = new Lab({ family });
      server.listen();
      expect(handshake(server, 'SYN,ECE,CWR')).toEqual(['SYN,ACK,ECE']);
      expect(handshake(server, 'SYN')).toEqual(['SYN,ACK']);
      const off = new Lab({ family, tcp: { ecn: 'off' } });
      off.listen();
      expect(handshake(off, 'SYN,ECE,CWR')).toEqual(['SYN,ACK']);
    });
  });

  it('MAY-18: CUBIC is there beside NewReno, kind to it, and no burst follows an idle time', () => {
    both((family) => {
      const course = (congestion: string): { ratio: number; idle: number } => {
        const lab = new Lab({ family, tcp: { congestion, sendBuffer: 4_000_000 } });
        const talk = lab.dial({ options: mss(1000) });
        talk.socket.write(new Uint8Array(2_000_000));
        rounds(talk, 3);
        talk.pass(100);
        const flight = talk.take().filter((f) => f.text.length > 0);
        for (let i = 0; i < 4; i++) talk.send('ACK', { ack: flight[0]!.from }).pass(0);
        const size = flight.reduce((sum, f) => sum + f.text.length, 0);
        const ratio = talk.socket.info().sndSsthresh / size;
        for (let i = 0; i < 3000 && talk.socket.writableLength > 0; i++) talk.send('ACK').pass(10);
        talk.take();
        talk.pass(60_000);
        talk.write(200_000);
        return { ratio, idle: talk.take().length };
      };
      const [reno, cubic] = [course('newreno'), course('cubic')];
      expect(reno.ratio).toBeCloseTo(0.5, 1);
      expect(cubic.ratio).toBeCloseTo(0.7, 1);
      // RFC 5681 4.1: no more than the initial window after silence.
      expect([reno.idle, cubic.idle]).toEqual([10, 10]);
      expect(() => new Lab({ family, tcp: { congestion: 'none such' } })).toThrow(/cubic/);
    });
  });
});

/** The flags with which a listener answers. */
function handshake(lab: Lab, flags: string): string[] {
  const talk = new Talk(lab, 80, 1000 + lab.frames.length);
  talk.send(flags, { options: mss(1000) }).pass(0);
  return talk.take().map((f) => f.flags);
}
