/** Captures that break off anywhere, and captures with anything in them: what is readable is read, the rest is refused. */

import { afterEach, describe, expect, test, vi } from 'vitest';
import { SeededRandom } from '../../src/base/random.ts';
import { type CapturedPacket, CaptureError } from '../../src/trace/capture.ts';
import { ipPacketOf } from '../../src/trace/capture-link.ts';
import { type CaptureContents, CaptureReader, readCaptureContents } from '../../src/trace/capture-reader.ts';
import { facts, joined, SAMPLES } from './captures.ts';

const named = SAMPLES.map((sample) => [sample.name, sample] as const);

describe('a capture that breaks off', () => {
  test.each(named)('keeps what is whole and says where it ends: %s', (_name, { file, blocks }) => {
    const whole = readCaptureContents(file);
    expect(whole.error).toBeNull();
    const packets = blocks.filter(({ kind }) => kind.includes('packet'));
    expect(whole.packets).toHaveLength(packets.length);
    for (let length = 0; length < file.length; length++) {
      const { packets: read, error } = readCaptureContents(file.subarray(0, length));
      const kept = packets.filter(({ end }) => end <= length).length;
      expect(read.map(facts)).toEqual(whole.packets.slice(0, kept).map(facts));
      const cut = blocks.find(({ begin, end }) => begin <= length && length < end)!;
      if (length < 4) {
        expect(error).toMatchObject({ offset: 0, block: 'file', reason: `no capture: it has ${length} octets` });
      } else if (length === cut.begin) {
        expect(error).toBeNull();
      } else {
        expect(error).toBeInstanceOf(CaptureError);
        expect(error?.offset).toBe(cut.begin);
        expect(error?.block).toBe(cut.kind.includes('block') && length - cut.begin < 4 ? 'block' : cut.kind);
        const [, there, wanted] = /^it breaks off: (\d+) octets of at least (\d+) are there$/.exec(error!.reason)!;
        expect(Number(there)).toBe(length - cut.begin);
        expect(Number(wanted)).toBeLessThanOrEqual(cut.end - cut.begin);
        expect(Number(wanted)).toBeGreaterThan(Number(there));
      }
    }
  });
});

const SEED = 20260707;
const FILES = 100_000;

/** Numbers that mean something to somebody. */
const NUMBERS = [
  0, 1, 3, 4, 6, 12, 16, 20, 28, 32, 0xff, 0xffff, 0x10000, 0x1000000, 0x7fffffff, 0xfffffffc, 0xffffffff,
];

class Mutator {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  below(limit: number): number {
    return this.#random.uint32() % limit;
  }

  one<T>(some: readonly T[]): T {
    return some[this.below(some.length)]!;
  }

  /** A sample after one to four accidents. */
  file(): Uint8Array {
    let file: Uint8Array = this.one(SAMPLES).file.slice();
    for (let left = 1 + this.below(4); left > 0; left--) file = this.#accident(file);
    return file;
  }

  #accident(file: Uint8Array): Uint8Array {
    if (file.length < 8) return this.one(SAMPLES).file.slice();
    const at = this.below(file.length - 4);
    const end = Math.min(file.length, at + 1 + this.below(64));
    switch (this.below(6)) {
      case 0:
        file[at] = this.below(256);
        return file;
      case 1:
        // A field: these lie on words.
        new DataView(file.buffer).setUint32(at & ~3, this.one(NUMBERS), this.below(2) === 0);
        return file;
      case 2:
        return file.slice(0, at);
      case 3:
        return joined(file.subarray(0, at), file.subarray(end));
      case 4:
        return joined(file.subarray(0, end), file.subarray(at));
      default: {
        const other = this.one(SAMPLES).file;
        return joined(file.subarray(0, at), other.subarray(this.below(other.length)));
      }
    }
  }
}

/** The same in pieces of any lengths. */
function inPieces(file: Uint8Array, mutator: Mutator): Pick<CaptureContents, 'packets' | 'error'> {
  const packets: CapturedPacket[] = [];
  const reader = new CaptureReader((packet) => packets.push(packet.copy()));
  try {
    for (let at = 0; at < file.length; ) {
      const end = at + 1 + mutator.below(40);
      reader.push(file.slice(at, end));
      at = end;
    }
    reader.end();
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    return { packets, error };
  }
  return { packets, error: null };
}

test(`of ${FILES} changed captures (seed ${SEED}) each is read as far as it goes, and refused with a reason`, () => {
  const mutator = new Mutator(SEED);
  let read = 0;
  let refused = 0;
  for (let i = 0; i < FILES; i++) {
    const file = mutator.file();
    try {
      const { packets, error } = readCaptureContents(file);
      const octets = packets.reduce((sum, packet) => sum + packet.octets.length, 0);
      if (octets > file.length || packets.length * 12 > file.length) throw new Error('more is read than is there');
      for (const packet of packets) ipPacketOf(packet);
      read += packets.length;
      if (error !== null) {
        refused++;
        const { offset, block, reason } = error;
        if (!(offset >= 0 && offset <= file.length && block !== '' && reason !== '')) throw error;
      }
      if (i % 20 === 0) {
        const again = inPieces(file, mutator);
        expect(again.packets.map(facts)).toEqual(packets.map(facts));
        expect(again.error).toEqual(error);
      }
    } catch (error) {
      throw new Error(`seed ${SEED}, file ${i}: ${Buffer.from(file).toString('hex')}`, { cause: error });
    }
  }
  // Otherwise they were not worth the name.
  expect(read).toBeGreaterThan(FILES);
  expect(refused).toBeGreaterThan(FILES / 3);
  expect(refused).toBeLessThan(FILES);
}, 120_000);

describe('a length field', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test.each(named)('sets nothing aside for what has not come: %s', (_name, { file }) => {
    const lengths: number[] = [];
    vi.stubGlobal(
      'Uint8Array',
      new Proxy(Uint8Array, {
        construct(target, words) {
          if (typeof words[0] === 'number') lengths.push(words[0]);
          return Reflect.construct(target, words, target);
        },
      }),
    );
    for (let at = 0; at + 4 <= file.length; at += 4) {
      for (const length of [0xffff00, 0xffffff00]) {
        const lying = file.slice();
        new DataView(lying.buffer).setUint32(at, length, true);
        new DataView(lying.buffer).setUint32(Math.max(0, at - 4), length, false);
        const reader = new CaptureReader(() => {});
        try {
          for (let from = 0; from < lying.length; from += 7) reader.push(lying.subarray(from, from + 7));
          reader.end();
        } catch (error) {
          expect(error).toBeInstanceOf(CaptureError);
        }
      }
    }
    expect(lengths.length).toBeGreaterThan(0);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(Math.max(4096, 2 * file.length));
  });
});
