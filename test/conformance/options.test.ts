import { describe, expect, it } from 'vitest';
import { EOL, mss, NOP, option, SACK_PERMITTED, stamps, timestamps, windowScale } from './codec.ts';
import { both, Lab } from './lab.ts';

/** An option that nobody has implemented. */
function unknown(kind: number, length: number): number[] {
  return [kind, length, ...new Array<number>(length - 2).fill(kind)];
}

describe('3.1, 3.2 options', () => {
  it('MUST-4: end of list, NOP and MSS are understood in every order, and MSS is sent', () => {
    both((family) => {
      const orders: [number[], number][] = [
        [[...mss(700)], 700],
        [[...NOP, ...mss(700), ...NOP], 700],
        [[...NOP, ...NOP, ...NOP, ...mss(700), ...EOL], 700],
        [[...mss(700), ...EOL, ...mss(100)], 700],
        [[...mss(700), ...NOP, ...NOP, ...EOL, 255, 255], 700],
        [[...EOL, ...mss(700)], family === 4 ? 536 : 1220],
        [[...NOP, ...EOL], family === 4 ? 536 : 1220],
      ];
      for (const [options, size] of orders) {
        const lab = new Lab({ family });
        const peer = lab.dial({ options });
        expect(option(peer.all()[0]!, 2)).toBe(family === 4 ? 1460 : 1440);
        peer.write(3000);
        expect(peer.take()[0]!.text.length, options.join()).toBe(size);
      }
    });
  });

  it('MUST-5: options are taken on any segment: SYN, SYN,ACK, text, bare ACK, FIN and RST', () => {
    both((family) => {
      const odd = [...NOP, ...unknown(77, 6), ...NOP, ...EOL];
      const lab = new Lab({ family });
      const passive = lab.dial({ options: [...unknown(77, 6), ...mss(1460)] });
      passive.send('PSH,ACK', { options: odd, text: 'text' }).pass(100);
      expect(passive.read()).toBe('text');
      passive.write(5).send('ACK', { options: odd }).pass(0);
      expect(passive.socket.writableLength).toBe(0);
      passive.send('FIN,ACK', { options: odd }).pass(0);
      expect(passive.socket.state).toBe('CLOSE-WAIT');
      const active = lab.connected({}, { options: [...unknown(99, 10), ...NOP, ...mss(1000)] });
      expect(active.socket.state).toBe('ESTABLISHED');
      active.write(2000);
      expect(active.take()[0]!.text.length).toBe(1000);
      active.send('RST', { options: odd }).pass(0);
      expect(lab.log.at(-1)).toBe('close ECONNRESET');
      expect(lab.stack.counters()['TcpInErrs']).toBe(0);
    });
  });

  it('MUST-6: an option that is not implemented is skipped by its length, and the one after it holds', () => {
    both((family) => {
      const lab = new Lab({ family });
      lab.listen();
      for (let kind = 30; kind <= 252; kind++) {
        if (kind === 34) continue; // fast open is known
        const length = 2 + ((kind * 7) % 30);
        lab.frames.length = 0;
        const peer = lab.dial({ options: [...unknown(kind, length), ...mss(900)] });
        peer.write(1000);
        expect(peer.take()[0]!.text.length, `kind ${kind}, length ${length}`).toBe(900);
        peer.socket.abort();
      }
      expect(lab.stack.counters()['TcpInErrs']).toBe(0);
    });
  });

  it('MUST-7: an option with an illegal length drops the segment, is counted, and never crashes or loops', () => {
    both((family) => {
      const lab = new Lab({ family });
      const peer = lab.dial();
      let bad = 0;
      const drop = (options: number[]): void => {
        const before = lab.frames.length;
        peer.lab.put(peer.bytes('PSH,ACK', { options, text: 'no' })).pass(0);
        expect([peer.socket.readableLength, lab.frames.length], options.join()).toEqual([0, before]);
        bad++;
      };
      for (const kind of [2, 3, 4, 5, 8, 77, 252, 255]) {
        for (const length of [0, 1, 41, 255]) drop([kind, length, 0, 0]);
        drop([1, 1, 1, kind]); // its length octet is beyond the header
      }
      for (const [kind, length] of [
        [2, 3],
        [2, 5],
        [3, 2],
        [3, 4],
        [4, 3],
        [5, 9],
        [8, 9],
        [8, 11],
      ] as const) {
        drop([kind, length, ...new Array<number>(10).fill(1)]);
      }
      expect(lab.stack.counters()['Drop:tcp-option-length']).toBe(bad);
      expect(peer.socket.state).toBe('ESTABLISHED');
      peer.send('PSH,ACK', { text: 'yes' }).pass(0);
      expect(peer.read()).toBe('yes');
      // Anything at all in the option space is read to an end.
      let state = 1;
      const octet = (): number => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return (state >>> 16) & 255;
      };
      for (let i = 0; i < 2000; i++) {
        const kinds = [0, 1, 2, 3, 4, 5, 8, 34, 254];
        const options = Array.from({ length: 4 * (octet() % 11) }, () =>
          octet() < 128 ? kinds[octet() % 9]! : octet() % 12,
        );
        lab.put(peer.bytes('ACK', { options }));
      }
      lab.pass(0);
      expect(peer.socket.state).toBe('ESTABLISHED');
    });
  });

  it('MUST-64: options are read at any alignment', () => {
    both((family) => {
      for (let nops = 0; nops < 4; nops++) {
        const pad = new Array<number>(nops).fill(1);
        const lab = new Lab({ family, tcp: { timestamps: true, sack: true, windowScaling: true } });
        const options = [...pad, ...mss(777), ...timestamps(0x01020304, 0), ...SACK_PERMITTED, ...windowScale(9)];
        const peer = lab.dial({ options, window: 65_535 });
        const { sndMss, sndWscale, options: agreed } = peer.socket.info();
        expect([sndMss, sndWscale], `${nops} NOPs`).toEqual([777 - 12, 9]);
        expect(agreed).toMatchObject({ timestamps: true, sack: true, wscale: true });
        expect(stamps(peer.all()[0]!)?.[1]).toBe(0x01020304);
      }
    });
  });

  it('MUST-65: MSS is sent on SYN segments only, and means nothing on another', () => {
    both((family) => {
      const lab = new Lab({ family, tcp: { timestamps: true, sack: true } });
      const peer = lab.dial({ options: [...mss(1000), ...SACK_PERMITTED] });
      peer.send('ACK', { options: mss(100) }).pass(0);
      peer.send('PSH,ACK', { options: mss(200), text: 'x' }).pass(100);
      peer.write(3000);
      expect(peer.take().filter((f) => f.text.length > 0)[0]!.text.length).toBe(1000);
      peer.send('ACK', { text: 'late', seq: 50 }).pass(0);
      const active = lab.connected();
      active.socket.end();
      lab.pass(5000);
      active.socket.abort();
      lab.pass(0);
      expect(lab.frames.length).toBeGreaterThan(8);
      for (const frame of lab.frames) expect(option(frame, 2) >= 0, frame.flags).toBe(frame.flags.includes('SYN'));
    });
  });
});
