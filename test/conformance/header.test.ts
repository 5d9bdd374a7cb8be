import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyTcb } from '../../src/tcp/tcb.ts';
import { parseTcp, Segment, tcpHeaderLength, writeTcp } from '../../src/wire/tcp.ts';
import { judgedPair, stream, talk } from '../helpers/conversation.ts';
import { RUNS, segments } from '../helpers/wire.ts';
import { internetChecksum, mss, octets, readOptions, timestamps, windowScale } from './codec.ts';
import { both, Lab, pattern } from './lab.ts';

describe('3.1 header format', () => {
  it('MUST-1: the window field is unsigned: 65535 is a large window and all of it is used', () => {
    both((family) => {
      // 51 segments of 1285 octets are 65535.
      const peer = new Lab({ family }).dial({ options: mss(1285) }).warm(400_000);
      const una = peer.expected;
      peer.write(200_000);
      expect(peer.expected - una).toBe(65_535);
      peer.send('ACK').pass(0);
      for (const window of [0x7fff, 0x8000, 0x8001, 0xfffe, 0xffff]) {
        peer.send('ACK', { window }).pass(0);
        expect(peer.socket.info().sndWnd, String(window)).toBe(window);
      }
    });
    const read = new Segment();
    const bytes = new Uint8Array(20);
    bytes[12] = 0x50;
    for (let window = 0; window <= 0xffff; window++) {
      bytes[14] = window >> 8;
      bytes[15] = window & 255;
      parseTcp(bytes, 0, 20, read);
      if (read.window !== window) expect(read.window).toBe(window);
    }
  });

  it('REC-1: windows are 32-bit quantities: 65535 shifted by 14 is kept, and more than 64 KiB are in flight', () => {
    both((family) => {
      const lab = new Lab({ family, tcp: { windowScaling: true, receiveBuffer: 128 * 1024 * 1024 } });
      const peer = lab.dial({ options: [...mss(1460), ...windowScale(14)] }).warm(1_000_000);
      expect(peer.socket.info()).toMatchObject({ sndWnd: 65_535 * 2 ** 14, sndWscale: 14 });
      const una = peer.expected;
      peer.write(300_000);
      expect(peer.expected - una).toBeGreaterThan(200_000);
      // Our own: 128 MiB are offered with a shift of 12 (2^27 / 65535 > 2^11).
      expect(peer.socket.info().rcvWscale).toBe(12);
      peer.send('PSH,ACK', { text: 'x' }).pass(100);
      peer.read();
      expect(peer.socket.info().rcvWnd).toBeGreaterThan(2 ** 26);
    });
  });

  it('MUST-2: every segment sent carries a right checksum over pseudo-header and segment, both families, any length', () => {
    for (const address of ['10.0.0.2', 'fd00::2']) {
      for (const timestamps of [true, false]) {
        const pair = judgedPair(11, { forth: { loss: 0.02 }, back: { reorder: 0.02 } }, { timestamps });
        const forth = stream(pattern(60_001));
        const back = stream(pattern(30_003));
        pair.b.tcp.listen({ port: 80, onConnection: (socket) => talk(socket, back, forth, 333) });
        talk(pair.a.tcp.connect({ address, port: 80 }), forth, back, 777);
        pair.world.run(600_000);
        expect(forth.received.length + back.received.length).toBe(90_004);
        expect(pair.frames()).toBeGreaterThan(60);
        expect(pair.problems).toEqual([]);
      }
    }
    // And seen without the oracle: resets, handshakes, text of odd and even length.
    both((family) => {
      const lab = new Lab({ family });
      const peer = lab.dial();
      peer.socket.setNoDelay(true);
      for (let n = 1; n < 40; n++) peer.write(n);
      peer.socket.abort();
      lab.pass(0);
      const src = octets(family === 4 ? '10.0.0.1' : 'fd00::1');
      const dst = octets(family === 4 ? '10.0.0.2' : 'fd00::2');
      expect(lab.packets.length).toBeGreaterThan(10);
      for (const packet of lab.packets) {
        const tcp = packet.subarray(family === 4 ? 20 : 40);
        const length = [0, 0, tcp.length >> 8, tcp.length & 255];
        const pseudo = [...src, ...dst, ...length, 0, 0, 0, 6];
        expect(internetChecksum(pseudo, tcp)).toBe(0);
      }
    });
  });

  it('MUST-3: a segment with any one bit flipped is discarded without a trace', () => {
    both((family) => {
      const lab = new Lab({ family });
      const peer = lab.dial();
      const header = family === 4 ? 20 : 40;
      const bytes = peer.bytes('PSH,ACK', { text: 'hello', options: timestamps(1, 2) });
      const snapshot = (): string => JSON.stringify(copyTcb(peer.socket.tcb, lab.stack.buffers));
      const before = snapshot();
      lab.packets.length = 0;
      let flips = 0;
      for (let bit = header * 8; bit < bytes.length * 8; bit++) {
        const bad = bytes.slice();
        bad[bit >> 3]! ^= 128 >> (bit & 7);
        lab.put(bad).pass(0);
        flips++;
        expect([peer.socket.state, peer.socket.readableLength], `bit ${bit}`).toEqual(['ESTABLISHED', 0]);
      }
      lab.pass(100);
      expect(snapshot()).toBe(before);
      expect(lab.packets).toEqual([]);
      expect(lab.stack.counters()['TcpInCsumErrors']).toBe(flips);
      lab.put(bytes).pass(0);
      expect(peer.read()).toBe('hello');
    });
  });

  it('MUST-68: every option that is written has a length octet, whatever combination is asked for', () => {
    fc.assert(
      fc.property(segments, (segment) => {
        const bytes = new Uint8Array(60);
        const length = writeTcp(bytes, 0, segment);
        expect(length).toBe(tcpHeaderLength(segment));
        const options = readOptions([...bytes.subarray(20, length)]);
        expect(options).not.toBeNull();
        // Nothing lost, nothing invented.
        const kinds = options!.filter((o) => o.kind > 1).map((o) => o.kind);
        const wanted = [
          ...(segment.mss >= 0 ? [2] : []),
          ...(segment.windowScale >= 0 ? [3] : []),
          ...(segment.sackPermitted ? [4] : []),
          ...(segment.timestamps ? [8] : []),
        ];
        expect(kinds.filter((kind) => [2, 3, 4, 8].includes(kind)).sort()).toEqual(wanted);
        const size: Record<number, number> = { 2: 2, 3: 1, 4: 0, 8: 8 };
        for (const o of options!) if (o.kind in size) expect(o.data.length).toBe(size[o.kind]);
      }),
      RUNS,
    );
  });

  it('MUST-69: the header is padded to whole words, and after an end of options there is nothing but zeros', () => {
    fc.assert(
      fc.property(segments, (segment) => {
        const bytes = new Uint8Array(60).fill(0xee);
        const length = writeTcp(bytes, 0, segment);
        expect(length % 4).toBe(0);
        expect(bytes[12]! >> 4).toBe(length / 4);
        expect(readOptions([...bytes.subarray(20, length)])).not.toBeNull();
      }),
      RUNS,
    );
    both((family) => {
      for (const windowScaling of [true, false]) {
        for (const sack of [true, false]) {
          for (const on of [true, false]) {
            const lab = new Lab({ family, tcp: { windowScaling, sack, timestamps: on } });
            const peer = lab.connected({}, { options: [...mss(1460), 4, 2, ...timestamps(1, 0), ...windowScale(2)] });
            peer.write(3000).send('ACK', { text: 'late', seq: 10 }).pass(1000);
            expect(lab.frames.length).toBeGreaterThan(3);
            for (const frame of lab.frames) expect(frame.options, JSON.stringify(frame.optionBytes)).not.toBeNull();
          }
        }
      }
    });
  });
});
