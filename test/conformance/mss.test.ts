import { describe, expect, it } from 'vitest';
import { createPipe } from '../../src/link/pipe.ts';
import { decode, encode, type Frame, icmp, mss, NOP, option, timestamps } from './codec.ts';
import { both, type Family, HOST, Lab, PEER } from './lab.ts';

const HEADERS: Readonly<Record<Family, number>> = { 4: 40, 6: 60 };

/** Octets of text in the largest of the segments that a bulk transfer begins with. */
function largest(frames: readonly Frame[]): number {
  return Math.max(...frames.map((f) => f.text.length));
}

describe('3.7.1 maximum segment size', () => {
  it('MUST-14: the MSS option is sent on SYN and SYN,ACK, and what the peer says bounds every segment', () => {
    both((family) => {
      const lab = new Lab({ family });
      const called = lab.dial({ options: mss(300) });
      expect(called.all().map((f) => [f.flags, option(f, 2)])).toEqual([['SYN,ACK', 1500 - HEADERS[family]]]);
      called.warm(20_000);
      called.write(5000);
      const sizes = called.take().map((f) => f.text.length);
      expect(new Set(sizes)).toEqual(new Set([300]));
      const caller = lab.connected({}, { options: mss(300) });
      expect(option(caller.all()[0]!, 2)).toBe(1500 - HEADERS[family]);
      caller.write(5000);
      expect(largest(caller.take())).toBe(300);
      // With timestamps they come out of the 300.
      const stamped = new Lab({ family, tcp: { timestamps: true } }).dial({
        options: [...mss(300), ...timestamps(1, 0)],
      });
      stamped.write(5000);
      expect(largest(stamped.take())).toBe(288);
    });
  });

  it('MUST-15: without an MSS option 536 octets are assumed over IPv4, 1220 over IPv6', () => {
    both((family) => {
      const lab = new Lab({ family });
      const assumed = family === 4 ? 536 : 1220;
      for (const talk of [lab.dial({ options: [] }), lab.connected({}, { options: NOP })]) {
        talk.write(5000);
        const sizes = talk.take().map((f) => f.text.length);
        expect([Math.max(...sizes), sizes[0], sizes[1]]).toEqual([assumed, assumed, assumed]);
      }
    });
  });

  it('MUST-16: a segment is the smaller of what the peer takes and what IP can send, less the options', () => {
    both((family) => {
      for (const mtu of [1280, 1400, 1500, 9000]) {
        for (const peerMss of [100, 536, 1220, 1240, 1460, 8940, 65_535]) {
          for (const on of [false, true]) {
            const lab = new Lab({ family, mtu, tcp: { timestamps: on } });
            const options = [...mss(peerMss), ...(on ? timestamps(7, 0) : [])];
            const talk = lab.dial({ options });
            talk.write(40_000);
            const optionLength = on ? 12 : 0;
            const ipSends = mtu - (family === 4 ? 20 : 40); // MMS_S
            const expected = Math.min(peerMss + 20, ipSends) - 20 - optionLength;
            const sent = talk.take().filter((f) => f.text.length > 0);
            expect(largest(sent), `${mtu} ${peerMss} ${on}`).toBe(expected);
            expect(sent[0]!.optionBytes.length).toBe(optionLength);
          }
        }
      }
      // IP can send less when a router says so.
      const lab = new Lab({ family });
      const talk = lab.dial();
      talk.write(4000);
      const mtu = family === 4 ? 700 : 1300;
      const [first] = talk.take();
      const { sport, dport, seq } = first!;
      const quoted = encode({ src: HOST[family], dst: PEER[family], sport, dport, seq });
      const tooBig = family === 4 ? [3, 4] : [2, 0];
      lab.put(icmp(PEER[family], HOST[family], tooBig[0]!, tooBig[1]!, mtu, quoted)).pass(0);
      expect(largest(talk.take())).toBe(mtu - HEADERS[family]);
    });
  });

  it('MUST-67: the MSS announced is what IP can take less 20, for every MTU', () => {
    both((family) => {
      for (const mtu of family === 4 ? [68, 576, 1280, 1500, 9000, 65_535] : [1280, 1500, 9000, 65_535]) {
        const lab = new Lab({ family, mtu });
        const expected = mtu - HEADERS[family];
        expect(option(lab.connect().all()[0]!, 2), `SYN, MTU ${mtu}`).toBe(expected);
        expect(option(lab.dial().all()[0]!, 2), `SYN,ACK, MTU ${mtu}`).toBe(expected);
      }
      // And a segment of that size is taken whole.
      const talk = new Lab({ family }).dial();
      talk.send('PSH,ACK', { text: new Uint8Array(1500 - HEADERS[family]) }).pass(0);
      expect(talk.socket.readableLength).toBe(1500 - HEADERS[family]);
    });
  });

  it('SHLD-5, MAY-3: every SYN has an MSS option, whether it differs from the default or not', () => {
    both((family) => {
      for (const mtu of family === 4 ? [576, 1500, 9000] : [1280, 1500, 9000]) {
        const lab = new Lab({ family, mtu });
        const caller = lab.connect();
        lab.pass(3000); // sent again twice
        const called = lab.dial();
        const answered = lab.connect();
        answered.send('SYN').pass(0); // simultaneous open: SYN,ACK
        const syns = [...caller.all(), ...called.all(), ...answered.all()].filter((f) => f.flags.includes('SYN'));
        expect(syns.length).toBe(6);
        for (const f of syns) expect(option(f, 2), f.flags).toBe(mtu - HEADERS[family]);
      }
    });
  });

  it('SHLD-6: where the MTU varies, the MSS announced goes by the smallest', () => {
    both((family) => {
      // The link would carry 1500, but the interface is told that 1400 is what is always possible.
      const lab = new Lab({ family });
      const [link, far] = createPipe(lab.world.scheduler, lab.world.pool, { mtu: 1500 });
      const addresses = family === 4 ? ['10.7.0.1/24'] : ['fd07::1/64'];
      lab.stack.addInterface({ link: lab.world.judged(link), mtu: 1400, addresses });
      const seen: Frame[] = [];
      far.attach({
        packet: (p) => void seen.push(decode(p.buf.slice(p.off, p.off + p.len), 0)!),
        burstEnd: () => {},
      });
      lab.stack.tcp.connect({ address: family === 4 ? '10.7.0.2' : 'fd07::2', port: 9 });
      lab.pass(0);
      expect(option(seen[0]!, 2)).toBe(1400 - HEADERS[family]);
      // An application that knows better may go lower still, never higher.
      for (const [maxSegment, expected] of [
        [1000, 1000],
        [9000, 1500 - HEADERS[family]],
      ] as const) {
        expect(option(lab.connect({ maxSegment }).all()[0]!, 2)).toBe(expected);
      }
    });
  });

  it('SHLD-28: bulk text is sent in segments of the greatest size, but for the last', () => {
    both((family) => {
      const talk = new Lab({ family }).dial({ options: mss(1000) });
      const total = 123_456;
      talk.socket.write(new Uint8Array(total));
      for (let i = 0; i < 100 && talk.expected <= total; i++) talk.pass(0).send('ACK').pass(0);
      const sizes = talk.take().flatMap((f) => (f.text.length > 0 ? [f.text.length] : []));
      expect(sizes.reduce((sum, n) => sum + n, 0)).toBe(total);
      expect(sizes.pop()).toBe(456);
      expect(new Set(sizes)).toEqual(new Set([1000]));
      // Many small writes are sent in large segments too.
      const small = new Lab({ family }).dial({ options: mss(1000) });
      for (let i = 0; i < 1000; i++) small.socket.write(new Uint8Array(10));
      for (let i = 0; i < 20; i++) small.pass(0).send('ACK').pass(0);
      const pieces = small.take().flatMap((f) => (f.text.length > 0 ? [f.text.length] : []));
      expect(pieces.slice(1, -1).every((n) => n === 1000)).toBe(true);
      expect(pieces.length).toBeLessThanOrEqual(12);
    });
  });
});
