import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { add, diff, ge, gt, le, lt, max, min, seq, unsigned, within } from '../../src/wire/seq.ts';
import { RUNS, seqs } from '../helpers/wire.ts';

const near = fc.integer({ min: -0x7fffffff, max: 0x7fffffff });

describe('sequence arithmetic', () => {
  test('adding and the distance undo each other, across the wrap', () => {
    fc.assert(
      fc.property(seqs, near, (a, n) => {
        const b = add(a, n);
        expect(b).toBe(b | 0);
        expect(unsigned(b)).toBe((unsigned(a) + n + 2 ** 32) % 2 ** 32);
        expect(diff(b, a)).toBe(n);
      }),
      RUNS,
    );
  });

  test('the comparisons agree with the distance', () => {
    fc.assert(
      fc.property(seqs, near, (a, n) => {
        const b = add(a, n);
        expect([lt(a, b), le(a, b), gt(a, b), ge(a, b)]).toEqual([n > 0, n >= 0, n < 0, n <= 0]);
        expect([max(a, b), min(a, b)]).toEqual(n >= 0 ? [b, a] : [a, b]);
      }),
      RUNS,
    );
  });

  test('a window holds its start and not its end', () => {
    fc.assert(
      fc.property(seqs, fc.integer({ min: 1, max: 0xffffffff }), (start, length) => {
        expect(within(start, start, length)).toBe(true);
        expect(within(add(start, length - 1), start, length)).toBe(true);
        expect(within(add(start, length), start, length)).toBe(false);
        expect(within(start, start, 0)).toBe(false);
      }),
      RUNS,
    );
  });

  test('seq takes any integer modulo 2^32', () => {
    expect([seq(-1), seq(2 ** 32), seq(2 ** 32 + 5)]).toEqual([-1, 0, 5]);
  });
});

/** Names that hold sequence numbers, as the RFC and this code call them. */
const SEQ_NAME = String.raw`(?:\.|\b)(?:seq|ack|una|nxt|iss|irs|wl1|wl2|recover|recoveryPoint|highRxt|highData|rescueRxt|lastAckSent|sndNxt|sndUna|rcvNxt)\b`;
/** The operand of a comparison: a sequence number on either side of a bare < > <= >=. */
const RAW_COMPARISON = new RegExp(
  String.raw`${SEQ_NAME}(?:\)| as \w+|!)*\s(?:<|>|<=|>=)\s|\s(?:<|>|<=|>=)\s(?:this\.|[\w.]*?)${SEQ_NAME}(?![\w(.])`,
);

function sources(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? sources(join(directory, entry.name))
      : entry.name.endsWith('.ts')
        ? [join(directory, entry.name)]
        : [],
  );
}

/** Whether a line compares sequence numbers: comments, strings and distances (which are plain numbers) aside. */
function compares(line: string): boolean {
  let code = line.replace(/\/\/.*|^\s*\*.*|'[^']*'|`[^`]*`/g, '');
  for (let before = ''; before !== code; ) {
    before = code;
    code = code.replace(/\b(?:diff|lt|le|gt|ge|within)\([^()]*\)/g, 'D');
  }
  return RAW_COMPARISON.test(code);
}

describe('no source compares sequence numbers with < or >', () => {
  test('the pattern finds what it should and leaves alone what it should', () => {
    for (const bad of [
      'if (tcb.snd.una < segment.ack) return;',
      'if (segment.seq > tcb.rcv.nxt) {',
      'while (a.seq <= end) {',
      'x = limit >= tcb.snd.nxt;',
      'if (seq < rcvNxt) {',
    ]) {
      expect(compares(bad), bad).toBe(true);
    }
    for (const good of [
      'if (lt(tcb.snd.una, segment.ack)) return;',
      'if (diff(segment.seq, tcb.rcv.nxt) > 0) {',
      'const x: Map<Seq, number> = new Map();',
      'if (tcb.snd.wnd > 0) {',
      'if (segment.dataLength > room) {',
    ]) {
      expect(compares(good), good).toBe(false);
    }
  });

  test('over all of src', () => {
    const root = fileURLToPath(new URL('../../src', import.meta.url));
    const files = sources(root);
    const found: string[] = [];
    for (const file of files) {
      readFileSync(file, 'utf8')
        .split('\n')
        .forEach((line, i) => {
          if (compares(line)) found.push(`${file.slice(root.length + 1)}:${i + 1}: ${line.trim()}`);
        });
    }
    expect(found).toEqual([]);
    // A search that reads nothing finds nothing.
    expect(files.filter((file) => file.startsWith(join(root, 'wire'))).length).toBeGreaterThanOrEqual(14);
    expect(files.filter((file) => file.startsWith(join(root, 'tcp'))).length).toBeGreaterThanOrEqual(15);
    expect(files.length).toBeGreaterThanOrEqual(45);
  });
});
