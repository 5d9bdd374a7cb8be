import { describe, expect, it } from 'vitest';
import { initialSequence } from '../../src/tcp/index.ts';
import { parseAddress } from '../../src/wire/address.ts';
import { distance } from './codec.ts';
import { both, Lab, Talk } from './lab.ts';

/** The ISN with which the host calls from one port now; the attempt is given up again. */
function isn(lab: Lab, localPort: number): number {
  lab.frames.length = 0;
  const talk = lab.connect({}, {}, { localPort });
  talk.socket.abort();
  lab.pass(0);
  return talk.iss;
}

/** How evenly values fall into 256 classes: chi-square with 255 degrees of freedom, about 255 +- 23. */
function chiSquare(counts: ArrayLike<number>, total: number): number {
  const mean = total / 256;
  let sum = 0;
  for (let i = 0; i < 256; i++) sum += (counts[i]! - mean) ** 2 / mean;
  return sum;
}

describe('3.4.1 initial sequence numbers', () => {
  it('MUST-8: the ISN of one pair is driven by a clock of 4 microseconds a tick, for calls and for answers', () => {
    both((family) => {
      const lab = new Lab({ family });
      lab.listen();
      const answer = (): number => {
        const talk = new Talk(lab, 80, 77);
        talk.send('SYN').pass(0);
        const [synAck] = talk.take().slice(-1);
        talk.send('RST', { seq: 1 }).pass(0);
        return synAck!.seq;
      };
      const start = lab.now;
      const first = isn(lab, 5000);
      const firstAnswer = answer();
      for (const ms of [1, 2, 10, 999, 60_000, 3_600_000, 17_179_869, 40_000_000]) {
        lab.pass(ms);
        const ticks = ((lab.now - start) * 250) % 2 ** 32;
        expect((isn(lab, 5000) - first + 2 ** 32) % 2 ** 32, `${ms} ms later`).toBe(ticks);
        expect((answer() - firstAnswer + 2 ** 32) % 2 ** 32).toBe(ticks);
      }
    });
  });

  it('MUST-9: the ISN hangs on every bit of a 128-bit secret that never leaves, and hosts have nothing in common', () => {
    both((family) => {
      const words = [0x01234567, 0x89abcdef, 0xfedcba98, 0x76543210] as const;
      const seen = new Set([isn(new Lab({ family, secret: words }), 5000)]);
      expect(seen.has(isn(new Lab({ family, secret: words, seed: 99 }), 5000))).toBe(true);
      for (let bit = 0; bit < 128; bit++) {
        const other = [...words] as [number, number, number, number];
        other[bit >> 5] = (other[bit >> 5]! ^ (2 ** (bit & 31))) >>> 0;
        seen.add(isn(new Lab({ family, secret: other }), 5000));
      }
      expect(seen.size).toBe(129);

      // Two hosts with secrets of their own: knowing the ISNs of one tells nothing about those of the other.
      const [one, two] = [new Lab({ family, seed: 1 }), new Lab({ family, seed: 2 })];
      const gaps = new Set<number>();
      const steps = new Set<number>();
      for (let port = 5000; port < 5300; port++) {
        gaps.add(distance(isn(one, port), isn(two, port)));
        steps.add(distance(isn(one, port + 1), isn(one, port)));
      }
      expect([gaps.size, steps.size]).toEqual([300, 300]);

      // Nothing that is sent or told contains a piece of the secret.
      const lab = new Lab({ family, secret: words, tcp: { timestamps: true } });
      lab.dial().write('text');
      lab.pass(5000);
      const told = lab.packets.map((packet) => Buffer.from(packet).toString('hex'));
      told.push(JSON.stringify([lab.stack.counters(), lab.stack.sockets()]));
      for (const word of words) {
        const hex = word.toString(16).padStart(8, '0');
        const swapped = Buffer.from(hex, 'hex').reverse().toString('hex');
        for (const text of told) {
          for (const form of [hex, swapped, String(word), String(word | 0)]) expect(text.includes(form)).toBe(false);
        }
      }
    });
  });

  it('SHLD-1: the ISN is the clock plus a keyed hash of the four ends: even over a million pairs, rising for each', () => {
    both((family) => {
      // From outside: each of the four ends changes it, time alone makes it rise.
      const lab = new Lab({ family });
      const rising = [0, 1, 2, 3].map(() => {
        lab.pass(100);
        return isn(lab, 6000);
      });
      for (let i = 1; i < 4; i++) expect(distance(rising[i]!, rising[i - 1]!)).toBe(25_000);
      const text = (n: number): string => (family === 4 ? `10.${n >>> 8}.${n & 255}.1` : `fd00::${n.toString(16)}`);
      const key = [1, 2, 3, 4] as const;
      const total = 2 ** 19;
      const bytes = [0, 1, 2, 3].map(() => new Uint32Array(256));
      const steps = new Uint32Array(256);
      const local = parseAddress(text(1))!;
      let before = 0;
      for (let i = 0; i < total / 1024; i++) {
        const remote = parseAddress(text(i + 2))!;
        for (let port = 0; port < 1024; port++) {
          const ends = { local, localPort: 1024 + (port & 31), remote, remotePort: 2000 + (port >> 5) };
          const value = initialSequence(key, ends, 0) >>> 0;
          for (let b = 0; b < 4; b++) bytes[b]![(value >>> (8 * b)) & 255]!++;
          steps[((value - before) >>> 24) & 255]!++;
          before = value;
        }
      }
      for (const counts of [...bytes, steps]) expect(chiSquare(counts, total)).toBeLessThan(255 + 6 * 22.6);
      const ends = { local, localPort: 1, remote: parseAddress(text(9))!, remotePort: 2 };
      const swapped = { local: ends.remote, localPort: 2, remote: ends.local, remotePort: 1 };
      const values = [
        ends,
        swapped,
        { ...ends, localPort: 2, remotePort: 1 },
        { ...ends, localPort: 3 },
        { ...ends, remotePort: 3 },
        { ...ends, remote: parseAddress(text(10))! },
        { ...ends, local: parseAddress(text(10))! },
      ].map((e) => initialSequence(key, e, 0) >>> 0);
      expect(new Set(values).size).toBe(values.length);
    });
  });
});
