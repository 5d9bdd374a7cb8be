import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBox } from '../../src/link/index.ts';
import { frame, RUNS, segments, tcpPacket, V4_A, V4_B, V6_A, V6_B } from '../helpers/wire.ts';

describe('a packet as a middlebox sees it', () => {
  const packets = fc.tuple(segments, fc.uint8Array({ maxLength: 100 }), fc.boolean(), fc.boolean());

  it('goes back to the octets that came', () => {
    let tcp = 0;
    fc.assert(
      fc.property(packets, ([segment, text, six, ethernet]) => {
        const packet = six ? tcpPacket(V6_A, V6_B, segment, text) : tcpPacket(V4_A, V4_B, segment, text);
        const octets = ethernet ? frame(packet) : packet;
        const box = readBox(octets, ethernet ? 'ethernet' : 'ip');
        if (box.isTcp) tcp++;
        expect(box.plain()).toEqual(octets);
        expect(box.octets()).toEqual(octets);
        expect(box.copy().octets()).toEqual(octets);
      }),
      RUNS,
    );
    expect(tcp).toBe(RUNS.numRuns);
  });

  it('is octets alone where it is none, and goes back to those', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom('ip' as const, 'ethernet' as const),
        (octets, medium) => {
          const box = readBox(octets, medium);
          expect(box.plain()).toEqual(octets);
        },
      ),
      RUNS,
    );
  });
});
