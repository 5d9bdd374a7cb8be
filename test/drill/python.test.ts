import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PythonAssertion, PythonError, PythonFailure, type PyValue, runPython } from '../../src/drill/python.ts';
import { parsePython } from '../../src/drill/python-syntax.ts';
import { repr } from '../../src/drill/python-values.ts';
import { hasCommand, skipTitle } from '../helpers/needs.ts';
import { RUNS } from '../helpers/wire.ts';

function ran(text: string, values: Record<string, PyValue> = {}): { scope: Map<string, PyValue>; out: string[] } {
  const scope = new Map(Object.entries(values));
  const out: string[] = [];
  runPython(text, scope, out);
  return { scope, out };
}

/** What the expression comes to, as Python writes it. */
function value(expression: string, values: Record<string, PyValue> = {}): string {
  return repr(ran(`it = ${expression}`, values).scope.get('it') as PyValue);
}

function thrown(text: string, values: Record<string, PyValue> = {}): Error {
  try {
    ran(text, values);
  } catch (error) {
    return error as Error;
  }
  throw new Error(`nothing was thrown by ${text}`);
}

describe('statements', () => {
  test('an assertion that holds says nothing', () => {
    ran('assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd', { tcpi_snd_cwnd: 10 });
    ran('assert 17 <= tcpi_rtt <= 19 and tcpi_state != 7', { tcpi_rtt: 17, tcpi_state: 1 });
  });

  test('a failed assertion names its condition, what its parts came to, what the script says to it, and its line', () => {
    const failed = thrown(
      "cwnd = 7\nassert (a & 0xf) == 3; assert tcpi_snd_cwnd == cwnd + 1, 'cwnd=%d' % tcpi_snd_cwnd",
      {
        a: 0x13,
        tcpi_snd_cwnd: 10,
      },
    ) as PythonAssertion;
    expect(failed).toBeInstanceOf(PythonAssertion);
    expect(failed.at).toEqual({ line: 2, column: 24 });
    expect(failed.source).toBe('tcpi_snd_cwnd == cwnd + 1');
    expect(failed.operands).toEqual([
      ['tcpi_snd_cwnd', '10'],
      ['cwnd + 1', '8'],
      ['cwnd', '7'],
    ]);
    expect(failed.said).toBe('cwnd=10');
    expect(failed.message).toBe(
      'assert tcpi_snd_cwnd == cwnd + 1: tcpi_snd_cwnd is 10, cwnd + 1 is 8, cwnd is 7 (cwnd=10)',
    );
  });

  test('what was assigned lasts into the next block', () => {
    const scope = new Map<string, PyValue>();
    runPython('cwnd = 0xa', scope);
    runPython('cwnd += 2; cwnd *= 3', scope);
    runPython('assert cwnd == 36', scope);
    expect(scope.get('cwnd')).toBe(36n);
  });

  test('print writes its arguments a line', () => {
    expect(ran("print(a); print('x', 1, 2.5, (3,))", { a: 5 }).out).toEqual(['5', 'x 1 2.5 (3,)']);
  });

  test('line ends, semicolons, comments, backslashes and parentheses do as in Python', () => {
    const text =
      '  a = 1 ; b = 2  # both; c = 3\n\n\t# nothing\nassert a == 1, a; \\\n   assert b == 2;\nassert (a +\n  b) == 3\r\nassert a == \\\r\n 1;\\';
    expect([...ran(text).scope.keys()]).toEqual(['a', 'b']);
  });

  test('the value that decided is what and and or come to', () => {
    expect(value('0 or 7')).toBe('7');
    expect(value('0 and nobody')).toBe('0');
    expect(value('not 0 and 1 or 2')).toBe('1');
    expect(value("'yes' if 2 > 1 else 'no'")).toBe("'yes'");
    expect(value('3 in (1, 2, 3) and 4 not in (1, 2)')).toBe('True');
  });
});

describe('what is not understood', () => {
  test.each([
    ['import os', 1, 1, "'import' is not supported"],
    ['a = 1\nif a: pass', 2, 1, "'if' is not supported"],
    ['assert a ==', 1, 12, 'found the end of the line'],
    ['assert (a == 1', 1, 15, "expected ')'"],
    ['a.b = 1', 1, 2, 'attributes'],
    ['a[0]', 1, 2, 'subscripts'],
    ['f"x"', 1, 1, 'prefix'],
    ['assert a = 1', 1, 10, "found '='"],
    ['a = 010', 1, 5, 'leading zero'],
    ["a = 'x", 1, 5, 'closing quote'],
    ['a ? b', 1, 3, 'unexpected character'],
    ['1 = a', 1, 1, 'only a name'],
    ['a b', 1, 3, 'the end of the statement'],
  ])('%s is refused at line %i, column %i', (text, line, column, reason) => {
    const error = thrown(text) as PythonError;
    expect(error).toBeInstanceOf(PythonError);
    expect(error.message).toContain(reason);
    expect(error.at).toEqual({ line, column });
    expect(() => parsePython(text)).toThrow(PythonError);
  });

  test('nesting has a bound', () => {
    for (const sign of ['(', '-', 'not ', '2 ** ', 'abs(', '1 if 1 else ']) {
      expect(() => parsePython(`${sign.repeat(5000)}1`), sign).toThrow('nested too deeply');
    }
    ran(`assert 0 ${'+ 1 '.repeat(5000)} == 5000`);
  });

  test('nothing has run by then', () => {
    const out: string[] = [];
    expect(() => runPython('print(1)\nimport os', new Map(), out)).toThrow(PythonError);
    expect(out).toEqual([]);
  });

  test('a name nobody set, a division by zero and a function nobody knows fail when they are run', () => {
    for (const text of [
      'assert nobody',
      '1 % 0',
      '1 / 0',
      'open(1)',
      '1 << 99999999',
      '10 ** 10 ** 10',
      "'a' + 1",
      '-(1,)',
    ]) {
      parsePython(text);
      expect(thrown(text), text).toBeInstanceOf(PythonFailure);
    }
  });

  test('any text is run or refused, and nothing else comes of it', () => {
    const piece = fc.constantFrom(
      'assert',
      'a',
      '(',
      ')',
      ',',
      '1',
      '0x',
      '"',
      "'",
      '%',
      '<<',
      '\\',
      '\n',
      '#',
      'not',
      'in',
      '=',
      ';',
      '**',
      '~',
      '-',
      '1.5',
      'e5',
    );
    const anything = fc.oneof(
      fc.string(),
      fc.array(piece).map((pieces) => pieces.join(' ')),
    );
    fc.assert(
      fc.property(anything, (text) => {
        try {
          ran(text, { a: 3 });
        } catch (error) {
          expect(error instanceof PythonError || error instanceof PythonAssertion).toBe(true);
        }
      }),
      RUNS,
    );
  });
});

describe('values', () => {
  test.each([
    ['-7 // 2', '-4'],
    ['-7 % 3', '2'],
    ['7 % -3', '-2'],
    ['7 / 2', '3.5'],
    ['4 / 2', '2.0'],
    ['-2 ** 2', '-4'],
    ['18446744073709551615 + 1', '18446744073709551616'],
    ['1 < 2 < 3 > 2', 'True'],
    ['1 < 3 < 3', 'False'],
    ['~5 & 0xff', '250'],
    ['1 | 2 ^ 3 & 4', '3'],
    ['1 << 3 + 1', '16'],
    ['True + True', '2'],
    ['1 == 1.0 == True', 'True'],
    ['max(1, 5, 3) - min((4, 2))', '3'],
    ['abs(-3) + int(7 / 2) + len("abc")', '9'],
    ["'%d of %s (%05.1f%%, %x)' % (3, 'four', 75, 255)", "'3 of four (075.0%, ff)'"],
    ["'a' 'b' + str(1)", "'ab1'"],
    ['1e22', '1e+22'],
    ['0.00001', '1e-05'],
    ['123456789012345678.0', '1.2345678901234568e+17'],
    ['-1.5 // 1', '-2.0'],
  ])('%s is %s', (expression, written) => {
    expect(value(expression)).toBe(written);
  });
});

const missing = hasCommand('python3') ? null : 'needs python3';

describe.skipIf(missing !== null)(skipTitle('beside python3', missing, true), () => {
  const number = fc.oneof(
    fc.integer({ min: -9, max: 9 }).map(String),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
    fc.integer({ min: 0, max: 65_535 }).map((n) => `0x${n.toString(16)}`),
    fc.constantFrom('1.5', '.25', '2.0', '1e3', '0.1', 'a', 'b', 'True', 'None', "'s'", "'%d'", '(1, 2)'),
  );
  const operator = fc.constantFrom(
    '+',
    '-',
    '*',
    '/',
    '//',
    '%',
    '&',
    '|',
    '^',
    '<<',
    '>>',
    '==',
    '!=',
    '<',
    '<=',
    '>',
    '>=',
    'and',
    'or',
    '%',
    '**',
    'in',
  );
  const { expression } = fc.letrec<{ expression: string; inner: string }>((tie) => ({
    expression: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      number,
      fc.tuple(tie('inner'), operator, tie('inner')).map((parts) => parts.join(' ')),
      fc
        .tuple(fc.constantFrom('-', '~', 'not ', '+', 'abs', 'int', 'str', 'repr', 'bool', 'float'), tie('inner'))
        .map(([f, x]) => `(${f}(${x}))`),
      fc.tuple(fc.constantFrom('min', 'max'), tie('inner'), tie('inner')).map(([f, x, y]) => `${f}(${x}, ${y})`),
      fc
        .tuple(fc.constantFrom('%d', '%5.2f', '%x', '%s', '%-6r|', '%08d', '%+i', '%#X'), tie('inner'))
        .map(([f, x]) => `('${f}' % (${x},))`),
      fc.tuple(tie('inner'), tie('inner'), tie('inner')).map(([x, y, z]) => `(${x} if ${y} else ${z})`),
    ),
    inner: fc.oneof(
      number,
      tie('expression'),
      tie('expression').map((x) => `(${x})`),
    ),
  }));

  test('an expression comes to the same, fails in both, or is refused by name', () => {
    const sample = fc.sample(expression, { numRuns: 4000, seed: 4 });
    const program = [
      'import sys, json, warnings',
      'warnings.simplefilter("ignore")',
      'for line in sys.stdin:',
      '    try: print(json.dumps(repr(eval(json.loads(line), {"a": 3, "b": 2**63 + 1}))))',
      '    except Exception: print(json.dumps(None))',
    ];
    // A power or a shift of a power would keep Python busy for hours.
    const texts = sample.filter((text) => !/\*\*.*\d{3}|\*\*.*(?:\*\*|<<|a|b|0x)|<<.*(?:\d{4}|\*|<<|b|0x)/.test(text));
    const said = spawnSync('python3', ['-c', program.join('\n')], {
      input: texts.map((text) => JSON.stringify(text)).join('\n'),
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    const lines = said.stdout.trim().split('\n');
    expect(lines.length).toBe(texts.length);
    let values = 0;
    texts.forEach((text, i) => {
      const expected = JSON.parse(lines[i] as string) as string | null;
      let mine: string | null = null;
      try {
        mine = value(text, { a: 3, b: 2n ** 63n + 1n });
      } catch (error) {
        expect(error, text).toBeInstanceOf(PythonError);
        if (/unsupported|not supported|does not work/.test((error as PythonError).reason)) return;
      }
      if (mine !== null) values++;
      expect({ text, value: mine }).toEqual({ text, value: expected });
    });
    expect(values).toBeGreaterThan(texts.length / 2);
  });
});
