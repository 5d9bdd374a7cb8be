import { expect, test } from 'vitest';
import { Lexer, type Token } from '../../src/drill/lexer.ts';

/** Kind and text of every token, as one line each. */
function tokens(text: string): string[] {
  return list(text).map(({ kind, text: inside, value }) => `${kind} ${inside}${value === null ? '' : ` = ${value}`}`);
}

function list(text: string): Token[] {
  const lexer = new Lexer('a.pkt', text);
  const found: Token[] = [];
  for (let token = lexer.next(); token.kind !== 'end'; token = lexer.next()) found.push(token);
  return found;
}

function fault(text: string): string {
  try {
    list(text);
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
}

test('a range of sequence numbers is numbers and marks', () => {
  expect(tokens('1:1001(1000)')).toEqual(['integer 1', 'mark :', 'integer 1001', 'mark (', 'integer 1000', 'mark )']);
});

test('a number has a sign, a point, or 0x', () => {
  expect(tokens('-1 .01 0.5 -2.5 0x1F')).toEqual([
    'integer -1',
    'fraction .01',
    'fraction 0.5',
    'fraction -2.5',
    'hex 0x1F',
  ]);
});

test('digits that go on with letters are a word, whatever they begin with', () => {
  expect(tokens('12ab 0x 0xfg abcd1234')).toEqual(['word 12ab', 'word 0x', 'word 0xfg', 'word abcd1234']);
});

test('three points are an ellipsis, even between times', () => {
  expect(tokens('0.1...0.2 0...1 1....5')).toEqual([
    'fraction 0.1',
    'ellipsis ...',
    'fraction 0.2',
    'integer 0',
    'ellipsis ...',
    'integer 1',
    'integer 1',
    'ellipsis ...',
    'fraction .5',
  ]);
});

test('a point before a digit belongs to the digit, as in flags with a count', () => {
  expect(tokens('P.5 S. P5.')).toEqual(['word P', 'fraction .5', 'word S', 'mark .', 'word P5', 'mark .']);
});

test('comments and ends of lines are white space', () => {
  expect(tokens('a // b\r\n/* c\n * d **/e // the end')).toEqual(['word a', 'word e']);
});

test('a byte order mark before everything is passed over', () => {
  expect(tokens('\ufeffa')).toEqual(['word a']);
});

test('a string stands for its octets', () => {
  expect(list('"a\\"\\\\\\n\\t\\r\\f\\v\\x00\\xfF"')[0]!.text).toBe('a"\\\n\t\r\f\v\0\xff');
  expect(list('"é€😀"')[0]!.text).toBe('\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80');
});

test('a shell command keeps its lines and its back slashes', () => {
  expect(list('`a \\\n b \\` c`')[0]!.text).toBe('a \\\n b \\` c');
});

test('a Python block loses blanks at both ends, and no end of line', () => {
  expect(list('%{ \tassert a\t }%')[0]!.text).toBe('assert a');
  expect(list('%{\n  a = {1}\n}%')[0]!.text).toBe('\n  a = {1}\n');
});

test('an option has its value up to white space or a comment, or in quotation marks', () => {
  expect(tokens('--a=1.5//x\n--b = "c d" --c --d=ipv4-mapped-ipv6/*x*/')).toEqual([
    'option a = 1.5',
    'option b = c d',
    'option c',
    'option d = ipv4-mapped-ipv6',
  ]);
});

test('a definition keeps the quotation marks of its value', () => {
  expect(tokens('--define=A=1 --define=B="x y" -DC=`d e` -D E=f')).toEqual([
    'option define = A=1',
    'option define = B="x y"',
    'option define = C=`d e`',
    'option define = E=f',
  ]);
});

test('a token says where it stands, counting from 1, after everything that spans lines', () => {
  const text = 'a\n\t b /* \n */ `c\n` d\r\n%{\n}% "e" f';
  expect(list(text).map(({ text: inside, at }) => `${inside.trim()} ${at.line}:${at.column}`)).toEqual([
    'a 1:1',
    'b 2:3',
    'c 3:5',
    'd 4:3',
    ' 5:1',
    'e 6:4',
    'f 6:8',
  ]);
});

test('what is opened and not closed is shown where it opens', () => {
  expect(fault('a\n  "b\n"')).toMatchInlineSnapshot(`
    "a.pkt:2:3: this string is not closed on its line: expected "
          "b
          ^"
  `);
  expect(fault('a `b')).toMatchInlineSnapshot(`
    "a.pkt:1:3: this shell command is not closed: expected \`
        a \`b
          ^"
  `);
  expect(fault('\t%{ b }')).toMatchInlineSnapshot(`
    "a.pkt:1:2: this Python block is not closed: expected }%
        	%{ b }
        	^"
  `);
  expect(fault('a /* b')).toMatchInlineSnapshot(`
    "a.pkt:1:3: this comment is not closed: expected */
        a /* b
          ^"
  `);
  expect(fault('"a\\"')).toMatchInlineSnapshot(`
    "a.pkt:1:1: this string is not closed on its line: expected "
        "a\\"
        ^"
  `);
});

test('escapes nobody knows are shown', () => {
  expect(fault('  "ab\\qc"')).toMatchInlineSnapshot(`
    "a.pkt:1:6: unknown escape \\q: expected one of \\\\ \\" \\f \\n \\r \\t \\v \\xHH
          "ab\\qc"
             ^"
  `);
  expect(fault('"\\x4"')).toMatchInlineSnapshot(`
    "a.pkt:1:2: unknown escape \\x: expected one of \\\\ \\" \\f \\n \\r \\t \\v \\xHH
        "\\x4"
         ^"
  `);
});

test('a definition without a name or a value is shown', () => {
  expect(fault('--define=A')).toMatchInlineSnapshot(`
    "a.pkt:1:11: expected NAME=value to define
        --define=A
                  ^"
  `);
  expect(fault('--define==1')).toMatchInlineSnapshot(`
    "a.pkt:1:10: expected NAME=value to define
        --define==1
                 ^"
  `);
  expect(fault('--define=A= // nothing')).toMatchInlineSnapshot(`
    "a.pkt:1:13: expected a value for A
        --define=A= // nothing
                    ^"
  `);
  expect(fault('--mss=\n1')).toMatchInlineSnapshot(`
    "a.pkt:1:7: expected a value for --mss
        --mss=
              ^"
  `);
});

test('what is no text is not looked at further', () => {
  expect(fault('ab\n\tc\u0000')).toMatchInlineSnapshot(`
    "a.pkt:2:3: this is no text file: found the control octet 0x00
        	c?
        	 ^"
  `);
  expect(fault('// caf\ufffd')).toMatchInlineSnapshot(`
    "a.pkt:1:7: this is no text file: found an octet that is no UTF-8
        // caf�
              ^"
  `);
  expect(fault('\x1b[31m')).toMatchInlineSnapshot(`
    "a.pkt:1:1: this is no text file: found the control octet 0x1b
        ?[31m
        ^"
  `);
});

test('of a long line the neighbourhood is shown', () => {
  const message = fault(`${' '.repeat(1000)}"${'x'.repeat(100_000)}`);
  expect(message.length).toBeLessThan(500);
  expect(message.split('\n')[2]!.length).toBe(105);
});
