import { describe, expect, it } from 'vitest';
import type { ImpairedLink } from '../../src/link/index.ts';
import type { Packet } from '../../src/link/packet.ts';
import { judge, run } from './course.ts';
import { EcnBook } from './ecn-book.ts';

const CE = 3;

/** Sets the ECN field of an IPv4 packet to CE, if it may be marked, and puts its checksum right. */
function mark({ buf, off }: Packet): boolean {
  if (buf[off]! >> 4 !== 4 || (buf[off + 1]! & 3) === 0 || (buf[off + 1]! & 3) === CE) return false;
  const added = CE - (buf[off + 1]! & 3);
  buf[off + 1] = buf[off + 1]! | CE;
  let sum = ((buf[off + 10]! << 8) | buf[off + 11]!) - added;
  if (sum < 0) sum += 0xffff;
  buf[off + 10] = sum >> 8;
  buf[off + 11] = sum & 0xff;
  return true;
}

describe('marks reduce the window as RFC 3168 and RFC 8511 say', () => {
  for (const [congestion, share] of [
    ['newreno', 0.8],
    ['cubic', 0.85],
  ] as const) {
    it.each([40, 150, 400])(`${congestion}, every %dth packet marked`, (every) => {
      let packets = 0;
      const marking = (link: ImpairedLink): void => {
        // A rule that drops nothing.
        link.drop((packet) => {
          if (++packets % every === 0) mark(packet);
          return false;
        });
      };
      const options = { congestion, ecn: 'request' as const, mtuProbing: 'off' as const, timestamps: every !== 150 };
      const wires = { forth: { delay: 20, rate: 2e7, queuePackets: 2000 }, back: { delay: 20 }, wire: marking };
      const book = new EcnBook(share, every === 150 ? 1460 : 1448);
      judge(run({ seed: every, ...wires, options, duration: 5000 }), book);
      expect(book.reductions).toBeGreaterThan(5);
      expect(book.echoes).toBeGreaterThan(book.reductions);
    });
  }
});
