import { describe, expect, it } from 'vitest';
import { SeededRandom, unit } from '../../src/base/random.ts';
import { judgedPair, stream, talk } from '../helpers/conversation.ts';
import { both, Lab, pattern } from './lab.ts';

describe('3.7.4 Nagle, 3.9.1.2 PUSH', () => {
  it('SHLD-7: by default a second small write waits until the first is acknowledged', () => {
    both((family) => {
      const peer = new Lab({ family }).dial();
      peer.write('a').write('b').write('c');
      expect(peer.said()).toEqual(['PSH,ACK 1+1 ack 1']);
      expect(peer.ask('ACK')).toEqual(['PSH,ACK 2+2 ack 1']);
      // A full segment does not wait, and neither does the FIN with what is before it.
      peer.write(1400 + 5);
      expect(peer.texts()).toEqual(['4+1400']);
      peer.socket.end();
      peer.pass(0);
      expect(peer.said()).toEqual(['FIN,PSH,ACK 1404+5 ack 1']);
    });
  });

  it('MUST-17: an application can turn Nagle off for one connection, before or during it', () => {
    both((family) => {
      const lab = new Lab({ family });
      const off = lab.connected({ noDelay: true });
      off.write('a').write('b');
      expect(off.said()).toEqual(['PSH,ACK 1+1 ack 1', 'PSH,ACK 2+1 ack 1']);
      const on = lab.dial();
      on.write('a').write('b');
      expect(on.said()).toEqual(['PSH,ACK 1+1 ack 1']);
      on.socket.setNoDelay(true); // what waited goes at once
      on.pass(0);
      expect(on.said()).toEqual(['PSH,ACK 2+1 ack 1']);
      on.write('c').write('d');
      expect(on.said().length).toBe(2);
      on.socket.setNoDelay(false);
      on.write('e');
      expect(on.said()).toEqual([]);
    });
  });

  it('MUST-60: what is written leaves within bounded time, however small, whatever the window and the losses', () => {
    both((family) => {
      // Nagle: as soon as what is outstanding is acknowledged; the peer's delayed ACK bounds that.
      const peer = new Lab({ family }).dial();
      peer.write('first').write('second');
      peer.send('ACK').pass(0);
      expect(peer.expected).toBe(12);
      // A window too small for silly-window avoidance: within a second.
      const silly = new Lab({ family }).dial({ window: 5000 });
      silly.write(1400);
      silly.send('ACK', { window: 10 }).pass(0);
      silly.take();
      silly.write(3000);
      expect(silly.texts()).toEqual([]);
      silly.pass(1000);
      expect(silly.texts()).toContain('1401+10');
      // A small remainder while nothing else is going on leaves at once.
      const idle = new Lab({ family }).dial();
      idle.write(1);
      expect(idle.texts()).toEqual(['1+1']);
    });
    // Whole conversations of small writes at odd times, over a wire that loses: every octet is sent soon after it was
    // written, and the sender never sits on text that window and congestion window would allow.
    for (const seed of [1, 2, 3]) {
      const pair = judgedPair(seed, { forth: { loss: 0.1, delay: 20 }, back: { loss: 0.1, delay: 20 } });
      const random = new SeededRandom(seed);
      let got = 0;
      pair.b.tcp.listen({
        port: 80,
        handler: {
          onReadable: (s) => {
            got += s.readableLength;
            s.consume(s.readableLength);
          },
        },
        onConnection: () => {},
      });
      const socket = pair.a.tcp.connect({ address: '10.0.0.2', port: 80 });
      pair.world.run(10_000);
      let written = 0;
      for (let i = 0; i < 200; i++) {
        const n = 1 + Math.floor(unit(random) * 40);
        written += socket.write(pattern(n));
        pair.world.run(pair.world.now + Math.floor(unit(random) * 200));
        if (i % 20 === 19) {
          pair.world.run(pair.world.now + 10_000);
          expect(got, `seed ${seed}, write ${i}`).toBe(written);
        }
      }
    }
  });

  it('MUST-61: the segment that empties the send queue is pushed, and no other', () => {
    both((family) => {
      const peer = new Lab({ family }).dial();
      peer.write(1400 * 4 + 7);
      peer.send('ACK').pass(0);
      const flags = peer.take().map((f) => `${f.text.length} ${f.flags}`);
      expect(flags).toEqual([...new Array<string>(4).fill('1400 ACK'), '7 PSH,ACK']);
      peer.send('ACK').write(1400);
      expect(peer.said()).toEqual([`PSH,ACK ${1400 * 4 + 8}+1400 ack 1`]);
      // Sent again it is still the last.
      peer.pass(1000);
      expect(peer.said()[0]).toContain('PSH');
    });
    const pair = judgedPair(5);
    const forth = stream(pattern(50_000));
    const back = stream(pattern(1));
    pair.b.tcp.listen({ port: 80, onConnection: (socket) => talk(socket, back, forth) });
    talk(pair.a.tcp.connect({ address: 'fd00::2', port: 80 }), forth, back);
    pair.world.run(60_000);
    const sent = pair.trace.flatMap((e) => (e.type === 'segment-sent' && e.host === 'a' ? [e.segment] : []));
    const text = sent.filter((s) => s.length > 0);
    expect((text.at(-1)!.flags & 8) !== 0 && text.length > 20).toBe(true);
  });

  it('SHLD-27: pushed writes that share a segment are one push', () => {
    both((family) => {
      const peer = new Lab({ family }).dial();
      peer.write('x').write('one').write('two').write('three');
      peer.take();
      expect(peer.ask('ACK')).toEqual(['PSH,ACK 2+11 ack 1']);
      // And writes that fill several segments push the last one only.
      peer.write('y').write(1000).write(1000).write(1000);
      peer.send('ACK').pass(0).send('ACK').pass(0);
      const text = peer.take().filter((f) => f.text.length > 0);
      expect(text.filter((f) => f.flags.includes('PSH')).map((f) => f.from + f.text.length)).toEqual([3014]);
    });
  });
});
