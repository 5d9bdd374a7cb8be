import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readU16, writeU16 } from '../../src/wire/bytes.ts';
import { finish, fold, pseudoHeader, sum, transportChecksum, update16 } from '../../src/wire/checksum.ts';
import { onesComplementZero } from '../helpers/oracle.ts';
import { address4, address6, RUNS, u8, u16 } from '../helpers/wire.ts';

/** RFC 1071 word by word, with the carry put back at once. */
function naive(bytes: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < bytes.length; i += 2) {
    total += bytes[i]! * 256 + (i + 1 < bytes.length ? bytes[i + 1]! : 0);
    if (total > 65535) total -= 65535;
  }
  return 65535 - total;
}

function random(size: number): { buf: Uint8Array; words: Uint32Array } {
  const words = new Uint32Array(Math.ceil(size / 4));
  const buf = new Uint8Array(words.buffer);
  let x = 12345;
  for (let i = 0; i < buf.length; i++) {
    x = (Math.imul(x, 1103515245) + 12345) | 0;
    buf[i] = x >>> 16;
  }
  return { buf, words };
}

/** 0 and 65535 stand for the same residue; a sum of nothing but zeros is the one case that tells them apart. */
const same = (a: number, b: number): boolean => a % 65535 === b % 65535;

describe('the Internet checksum', () => {
  test('the example of RFC 1071 section 3 comes out as there', () => {
    const bytes = new Uint8Array([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
    expect(fold(sum(bytes, null, 0, 8, 0))).toBe(0xddf2);
    expect(finish(sum(bytes, new Uint32Array(bytes.buffer), 0, 8, 0))).toBe(0x220d);
  });

  test('every alignment and every length up to 100 equals the naive sum, with words and without', () => {
    const { buf, words } = random(160);
    for (let offset = 0; offset < 12; offset++) {
      for (let length = 0; length <= 100; length++) {
        const expected = naive(buf.subarray(offset, offset + length));
        expect(finish(sum(buf, words, offset, length, 0)), `words ${offset}+${length}`).toBe(expected);
        expect(finish(sum(buf, null, offset, length, 0)), `bytes ${offset}+${length}`).toBe(expected);
      }
    }
  });

  test('65,535 octets of 0xff do not overflow', () => {
    const words = new Uint32Array(16384).fill(0xffffffff);
    const buf = new Uint8Array(words.buffer);
    for (const [offset, length] of [
      [0, 65535],
      [1, 65535],
      [2, 65534],
      [3, 65533],
    ] as const) {
      expect(finish(sum(buf, words, offset, length, 0))).toBe(naive(buf.subarray(offset, offset + length)));
    }
  });

  test('a sum in parts of even length equals the sum of the whole, wherever the parts lie', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }),
        fc.integer({ min: 0, max: 7 }),
        (parts, gap) => {
          const { buf, words } = random(1024);
          const whole: number[] = [];
          let total = 0;
          let at = gap;
          parts.forEach((part, i) => {
            const length = i === parts.length - 1 ? part.length : part.length & ~1;
            buf.set(part.subarray(0, length), at);
            total = sum(buf, i % 3 === 2 ? null : words, at, length, total);
            whole.push(...part.subarray(0, length));
            at += length + gap;
          });
          expect(finish(total)).toBe(naive(whole));
        },
      ),
      RUNS,
    );
  });

  test('fold is finish not complemented', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), (bytes) => {
        const total = sum(bytes, null, 0, bytes.length, 0);
        expect(fold(total) ^ 0xffff).toBe(finish(total));
      }),
      RUNS,
    );
  });

  test('the pseudo-header of either family equals the one written out', () => {
    const pair = fc.oneof(fc.tuple(address4, address4), fc.tuple(address6, address6));
    fc.assert(
      fc.property(pair, u8, fc.uint8Array({ minLength: 18, maxLength: 90 }), ([src, dst], protocol, message) => {
        const bytes: number[] = [];
        const words =
          src.family === 4 ? [src.w3, dst.w3] : [src.w0, src.w1, src.w2, src.w3, dst.w0, dst.w1, dst.w2, dst.w3];
        for (const w of [...words, protocol, message.length])
          bytes.push(w >>> 24, (w >>> 16) & 255, (w >>> 8) & 255, w & 255);
        const expected = naive([...bytes, ...message]);
        expect(same(transportChecksum(message, null, 0, message.length, protocol, src, dst), expected)).toBe(true);
        writeU16(message, 16, 0);
        const start = pseudoHeader(src, dst, protocol, message.length);
        writeU16(message, 16, finish(sum(message, null, 0, message.length, start)));
        expect(transportChecksum(message, null, 0, message.length, protocol, src, dst)).toBe(0);
        expect(onesComplementZero(new Uint8Array(bytes), message)).toBe(true);
      }),
      RUNS,
    );
  });

  test('a checksum updated as in RFC 1624 equals the one computed again', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 64 }), u8, u16, (bytes, index, value) => {
        const at = (index % (bytes.length >> 1)) * 2;
        const before = finish(sum(bytes, null, 0, bytes.length, 0));
        const old = readU16(bytes, at);
        writeU16(bytes, at, value);
        // Of all zeros RFC 1624 cannot tell which of the two zeros is meant.
        if (bytes.every((octet) => octet === 0)) return;
        expect(update16(before, old, value)).toBe(finish(sum(bytes, null, 0, bytes.length, 0)));
      }),
      RUNS,
    );
  });

  test('the example of RFC 1624 section 4 comes out as 0x0000', () => {
    expect(update16(0xdd2f, 0x5555, 0x3285)).toBe(0x0000);
  });
});
