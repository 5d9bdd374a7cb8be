import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seq } from '../../src/wire/seq.ts';
import {
  ABSENT,
  ACK,
  FIN,
  flagsText,
  PSH,
  parseTcp,
  Segment,
  SYN,
  segLen,
  tcpHeaderLength,
  writeTcp,
} from '../../src/wire/tcp.ts';
import { RUNS, segments, shown, u8 } from '../helpers/wire.ts';

/** A header of a segment with these option octets, at offset 3 of its buffer. */
function withOptions(...options: number[]): { buf: Uint8Array; length: number } {
  const padded = [...options];
  while (padded.length % 4 !== 0) padded.push(0);
  const buf = new Uint8Array(3 + 20 + padded.length);
  buf[3 + 12] = (5 + padded.length / 4) << 4;
  buf[3 + 13] = SYN;
  buf.set(padded, 23);
  return { buf, length: 20 + padded.length };
}

function parse(...options: number[]): { result: string; segment: Segment } {
  const { buf, length } = withOptions(...options);
  const segment = new Segment();
  return { result: parseTcp(buf, 3, length, segment), segment };
}

/** A segment with every field dirty, as a scratch record is. */
function dirty(): Segment {
  const s = new Segment();
  s.mss = 1;
  s.windowScale = 2;
  s.sackPermitted = true;
  s.timestamps = true;
  s.tsVal = seq(3);
  s.tsEcr = seq(4);
  s.sackCount = 4;
  s.userTimeout = 5;
  s.fastOpenLength = 8;
  s.segmentSize = 1460;
  s.dataLength = 9;
  s.urgent = 7;
  return s;
}

describe('TCP segments', () => {
  test('what is written is read back, whatever the record held before', () => {
    fc.assert(
      fc.property(segments, fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 30 }), (segment, off, text) => {
        const buf = new Uint8Array(off + 60 + text).fill(0xa5);
        const header = writeTcp(buf, off, segment);
        expect(header).toBe(tcpHeaderLength(segment));
        const back = dirty();
        expect(parseTcp(buf, off, header + text, back)).toBe('ok');
        expect(shown(back)).toEqual(shown(segment));
        expect([back.data, back.dataOffset, back.dataLength]).toEqual([buf, off + header, text]);
        expect(back.segmentSize).toBe(0);
        expect([buf[off + 16], buf[off + 17]]).toEqual([0, 0]);
      }),
      { ...RUNS, numRuns: 2000 },
    );
  });

  test('a SYN carries its options in the usual order', () => {
    const s = new Segment();
    s.flags = SYN;
    s.mss = 1460;
    s.sackPermitted = true;
    s.timestamps = true;
    s.tsVal = seq(0x01020304);
    s.windowScale = 7;
    const buf = new Uint8Array(60);
    expect(writeTcp(buf, 0, s)).toBe(40);
    const options = [2, 4, 5, 180, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7];
    expect(Array.from(buf.subarray(20, 40))).toEqual(options);
  });

  test('an ACK carries NOP, NOP, timestamps, NOP, NOP, SACK, and three blocks find room', () => {
    const s = new Segment();
    s.flags = ACK;
    s.timestamps = true;
    s.sackCount = 4;
    for (let i = 0; i < 8; i++) s.sack[i] = seq(i);
    const buf = new Uint8Array(60);
    expect(writeTcp(buf, 0, s)).toBe(60);
    expect(Array.from(buf.subarray(20, 24))).toEqual([1, 1, 8, 10]);
    expect(Array.from(buf.subarray(32, 36))).toEqual([1, 1, 5, 26]);
    s.timestamps = false;
    expect(writeTcp(buf, 0, s)).toBe(56);
  });

  test('fast open comes last and is left out where it does not fit', () => {
    const s = new Segment();
    s.timestamps = true;
    s.fastOpenLength = 8;
    const buf = new Uint8Array(60);
    expect(writeTcp(buf, 0, s)).toBe(44);
    expect(Array.from(buf.subarray(32, 34))).toEqual([34, 10]);
    expect(Array.from(buf.subarray(42, 44))).toEqual([1, 1]);
    s.sackCount = 3;
    expect(tcpHeaderLength(s)).toBe(60);
  });

  test.each([0, 1, 4, 19])('%i octets are truncated', (length) => {
    expect(parseTcp(new Uint8Array(40), 0, length, new Segment())).toBe('truncated');
  });

  test('a data offset below 5 or beyond the segment is refused, and leaves no text', () => {
    for (let words = 0; words < 16; words++) {
      const buf = new Uint8Array(40);
      buf[12] = words << 4;
      const s = dirty();
      expect(parseTcp(buf, 0, 40, s)).toBe(words >= 5 && words <= 10 ? 'ok' : 'data-offset');
      if (words < 5 || words > 10) expect([s.dataLength, s.mss, s.timestamps]).toEqual([0, ABSENT, false]);
    }
  });

  test('every kind with every length ends, and illegal lengths are told (RFC 9293 MUST-7)', () => {
    const legal = new Map([
      [2, [4]],
      [3, [3]],
      [4, [2]],
      [5, [10, 18, 26, 34]],
      [8, [10]],
      [28, [4]],
    ]);
    const wrong: string[] = [];
    for (let kind = 2; kind < 256; kind++) {
      for (let length = 0; length < 256; length++) {
        const { buf } = withOptions(kind, length, ...new Array<number>(38).fill(1));
        const result = parseTcp(buf, 3, 60, new Segment());
        const fits = length >= 2 && length <= 40;
        const ok = fits && (legal.get(kind)?.includes(length) ?? true);
        if (result !== (ok ? 'ok' : 'option-length')) wrong.push(`kind ${kind} length ${length}: ${result}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('an option whose length octet is beyond the header is told', () => {
    expect(parse(1, 1, 1, 8).result).toBe('option-length');
    expect(parse(1, 1, 1, 255).result).toBe('option-length');
  });

  test('nothing after the end of the options is read', () => {
    const { result, segment } = parse(0, 2, 4, 5, 180, 8, 0, 0);
    expect([result, segment.mss]).toEqual(['ok', ABSENT]);
  });

  test('a window scale beyond 14 counts as 14 (RFC 7323 2.3)', () => {
    expect(parse(3, 3, 15).segment.windowScale).toBe(14);
    expect(parse(3, 3, 255).segment.windowScale).toBe(14);
    expect(parse(3, 3, 14).segment.windowScale).toBe(14);
  });

  test('timestamps are read in the common layout and in any other', () => {
    const stamp = [8, 10, 255, 0, 0, 1, 128, 0, 0, 2];
    for (const layout of [
      [1, 1, ...stamp],
      [...stamp, 1, 1],
      [1, ...stamp, 0],
      [4, 2, ...stamp],
      [1, 1, ...stamp, 1, 1, 1, 1],
    ]) {
      const { result, segment } = parse(...layout);
      expect([result, segment.timestamps, segment.tsVal, segment.tsEcr]).toEqual([
        'ok',
        true,
        seq(0xff000001),
        seq(0x80000002),
      ]);
    }
  });

  test('a user timeout has 16 bits, and four octets', () => {
    for (const field of [0, 1, 0x7fff, 0x8000, 0xffff]) {
      const { result, segment } = parse(28, 4, field >> 8, field & 255);
      expect([result, segment.userTimeout]).toEqual(['ok', field]);
    }
    for (const length of [2, 3, 5, 6]) expect(parse(28, length, 1, 2, 3, 4, 1, 1).result).toBe('option-length');
  });

  test('a fast open cookie of an impossible size is passed over', () => {
    expect(parse(34, 2).segment.fastOpenLength).toBe(0);
    expect(parse(34, 6, 1, 2, 3, 4).segment.fastOpenLength).toBe(4);
    for (const size of [1, 2, 3, 5, 7, 17, 18]) {
      const { result, segment } = parse(34, size + 2, ...new Array<number>(size).fill(9));
      expect([result, segment.fastOpenLength]).toEqual(['ok', ABSENT]);
    }
  });

  test('any octets as options end with ok or option-length, and read nothing outside', () => {
    fc.assert(
      fc.property(fc.array(u8, { maxLength: 40 }), (options) => {
        const { buf, length } = withOptions(...options);
        const exact = buf.slice(3);
        const surrounded = new Uint8Array(exact.length + 64).fill(0xff);
        surrounded.set(exact, 32);
        const a = new Segment();
        const b = new Segment();
        const result = parseTcp(exact, 0, length, a);
        expect(['ok', 'option-length']).toContain(result);
        expect(parseTcp(surrounded, 32, length, b)).toBe(result);
        expect(shown(b)).toEqual(shown(a));
      }),
      { ...RUNS, numRuns: 5000 },
    );
  });

  test('SEG.LEN counts SYN and FIN', () => {
    const s = new Segment();
    s.dataLength = 10;
    expect(segLen(s)).toBe(10);
    s.flags = SYN | FIN;
    expect(segLen(s)).toBe(12);
  });

  test('flags are named in the order of their bits', () => {
    expect(flagsText(SYN | ACK)).toBe('SYN,ACK');
    expect(flagsText(FIN | PSH | ACK)).toBe('FIN,PSH,ACK');
    expect(flagsText(0)).toBe('');
    expect(flagsText(255)).toBe('FIN,SYN,RST,PSH,ACK,URG,ECE,CWR');
  });
});
