/**
 * Owns: what Python's values are and how they are written: its integers have no bound, its division and remainder go by the sign
 * of the divisor, and a true value is 1 to arithmetic.
 */

/**
 * An integer is a bigint, or a `number` without a fraction from whoever fills the name space; a float is kept apart, because 2.0 is not
 * written like 2. Arrays are tuples.
 */
export type PyValue = bigint | number | boolean | string | null | PyFloat | readonly PyValue[];

export interface PyFloat {
  readonly float: number;
}

/** What Python would raise, said its way. */
export class PythonRaise extends Error {}

/** A number as arithmetic sees it: bigint for integers, number for floats. */
export type Numeric = bigint | number;

/** Bits of the largest integer worked with: more is a mistake, not an assertion. */
const WIDEST = 65_536;

export function isFloat(value: PyValue): value is PyFloat {
  return typeof value === 'object' && value !== null && 'float' in value;
}

/** The number that `value` is, or null. */
export function numericOf(value: PyValue): Numeric | null {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return BigInt(value);
  if (typeof value === 'boolean') return value ? 1n : 0n;
  return isFloat(value) ? value.float : null;
}

export function ofNumeric(number: Numeric): PyValue {
  return typeof number === 'bigint' ? number : { float: number };
}

export function truth(value: PyValue): boolean {
  const number = numericOf(value);
  if (number !== null) return Number(number) !== 0;
  return typeof value === 'string' || Array.isArray(value) ? value.length > 0 : false;
}

export function typeName(value: PyValue): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'bigint' || typeof value === 'number') return 'int';
  return isFloat(value) ? 'float' : 'tuple';
}

export function arithmetic(operator: string, left: PyValue, right: PyValue): PyValue {
  if (operator === '%' && typeof left === 'string') return format(left, right);
  if (operator === '+' && typeof left === 'string' && typeof right === 'string') return left + right;
  const a = numericOf(left);
  const b = numericOf(right);
  if (a === null || b === null) throw unsupported(operator, left, right);
  if (operator === '/') return { float: quotient(a, b) };
  if (typeof a === 'bigint' && typeof b === 'bigint') {
    if ('&|^'.includes(operator) && typeof left === 'boolean' && typeof right === 'boolean') {
      return integers(operator, a, b) !== 0n;
    }
    return integers(operator, a, b);
  }
  if (['&', '|', '^', '<<', '>>', '**'].includes(operator)) throw unsupported(operator, left, right);
  return { float: floats(operator, float(a), float(b)) };
}

function unsupported(operator: string, left: PyValue, right: PyValue): PythonRaise {
  return new PythonRaise(`unsupported operand types for ${operator}: ${typeName(left)} and ${typeName(right)}`);
}

function integers(operator: string, a: bigint, b: bigint): bigint {
  if ((operator === '//' || operator === '%') && b === 0n) throw new PythonRaise('division by zero');
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '//':
      return (a - remainder(a, b)) / b;
    case '%':
      return remainder(a, b);
    case '&':
      return a & b;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    case '**':
      if (b < 0n) throw new PythonRaise('negative powers are not supported');
      bounded(b * BigInt(bits(a)));
      return power(a, b);
    case '>>':
      if (b < 0n) throw new PythonRaise('negative shift count');
      return a >> b;
    default:
      if (b < 0n) throw new PythonRaise('negative shift count');
      bounded(b + BigInt(bits(a)));
      return a << b;
  }
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, left = exponent; left > 0n; square *= square, left >>= 1n) {
    if ((left & 1n) === 1n) result *= square;
  }
  return result;
}

function remainder(a: bigint, b: bigint): bigint {
  const rest = a % b;
  return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
}

function bounded(width: bigint): void {
  if (width > WIDEST) throw new PythonRaise('an integer too large');
}

function bits(value: bigint): number {
  return (value < 0n ? -value : value).toString(2).length;
}

function floats(operator: string, a: number, b: number): number {
  if (operator === '+') return a + b;
  if (operator === '-') return a - b;
  if (operator === '*') return a * b;
  if (b === 0) throw new PythonRaise('float division by zero');
  const rest = a % b;
  const modulo = rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
  if (operator === '%') return modulo === 0 ? (b < 0 ? -0 : 0) : modulo;
  return Math.round((a - modulo) / b);
}

function float(value: Numeric): number {
  const converted = Number(value);
  if (typeof value === 'bigint' && !Number.isFinite(converted))
    throw new PythonRaise('int too large to convert to float');
  return converted;
}

/** `/` of integers rounds once, however large they are: enough bits of the quotient as an integer, scaled by a power of two. */
function quotient(a: Numeric, b: Numeric): number {
  if (Number(b) === 0) throw new PythonRaise('division by zero');
  if (typeof a !== 'bigint' || typeof b !== 'bigint') return float(a) / float(b);
  if (bits(a) <= 53 && bits(b) <= 53) return Number(a) / Number(b);
  const shift = Math.max(0, 66 + bits(b) - bits(a));
  const scaled = a << BigInt(shift);
  const whole = scaled / b;
  // An odd last bit stands for whatever the division left.
  const sticky = whole * b === scaled ? whole * 2n : whole * 2n + (a < 0n === b < 0n ? 1n : -1n);
  const result = Number(sticky) / Number(1n << BigInt(shift + 1));
  if (!Number.isFinite(result)) throw new PythonRaise('integer division result too large for a float');
  return result;
}

export function compare(operator: string, left: PyValue, right: PyValue): boolean {
  switch (operator) {
    case '==':
      return equal(left, right);
    case '!=':
      return !equal(left, right);
    case 'in':
    case 'not in':
      return contains(right, left) === (operator === 'in');
    case 'is':
      return equal(left, right) && typeName(left) === typeName(right);
    case 'is not':
      return !equal(left, right) || typeName(left) !== typeName(right);
    default:
      return ordered(operator, left, right);
  }
}

function equal(left: PyValue, right: PyValue): boolean {
  const a = numericOf(left);
  const b = numericOf(right);
  // biome-ignore lint/suspicious/noDoubleEquals: a bigint and a number are compared by value
  if (a !== null && b !== null) return a == b;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, i) => equal(item, right[i] as PyValue));
  }
  return a === null && b === null && left === right;
}

function contains(whole: PyValue, part: PyValue): boolean {
  if (Array.isArray(whole)) return whole.some((item) => equal(item as PyValue, part));
  if (typeof whole === 'string' && typeof part === 'string') return whole.includes(part);
  throw new PythonRaise(`'in' does not work with ${typeName(whole)}`);
}

function ordered(operator: string, left: PyValue, right: PyValue): boolean {
  let a: Numeric | string | null = numericOf(left);
  let b: Numeric | string | null = numericOf(right);
  if (typeof left === 'string' && typeof right === 'string') [a, b] = [left, right];
  if (a === null || b === null) {
    throw new PythonRaise(`'${operator}' does not work between ${typeName(left)} and ${typeName(right)}`);
  }
  if (operator === '<') return a < b;
  if (operator === '<=') return a <= b;
  return operator === '>' ? a > b : a >= b;
}

/** As `str` writes it. */
export function text(value: PyValue): string {
  return typeof value === 'string' ? value : repr(value);
}

/** As `repr` writes it. */
export function repr(value: PyValue): string {
  if (value === null) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value))
    return `(${value.map((item) => repr(item as PyValue)).join(', ')}${value.length === 1 ? ',' : ''})`;
  return isFloat(value) ? floatText(value.float) : String(value);
}

function quoted(value: string): string {
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
  const inner = value
    .replaceAll('\\', '\\\\')
    .replaceAll(quote, `\\${quote}`)
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\r', '\\r');
  return quote + inner + quote;
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const [mantissa, power] = value.toExponential().split('e') as [string, string];
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const digits = mantissa.replace(/[-.]/g, '');
  if (exponent < 0) return `${value < 0 ? '-' : ''}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${value < 0 ? '-' : ''}${whole}.${digits.slice(exponent + 1) || '0'}`;
}

const DIRECTIVE = /%([-+ 0#]*)(\d*)(?:\.(\d+))?([a-zA-Z%])/g;

/** `'fmt' % value` and `'fmt' % (a, b)`. */
export function format(template: string, given: PyValue): string {
  const values: readonly PyValue[] = Array.isArray(given) ? (given as readonly PyValue[]) : [given];
  let used = 0;
  const made = template.replace(
    DIRECTIVE,
    (_all, flags: string, width: string, precision: string | undefined, kind: string) => {
      if (kind === '%') return '%';
      const value = values[used++];
      if (value === undefined) throw new PythonRaise('not enough values for the format');
      return padded(directive(kind, flags, precision, value), flags, Number(width), 'srca'.includes(kind));
    },
  );
  if (/%/.test(template.replace(DIRECTIVE, ''))) throw new PythonRaise(`the format ${repr(template)} is not supported`);
  if (used < values.length) throw new PythonRaise('more values than the format takes');
  return made;
}

function directive(kind: string, flags: string, precision: string | undefined, value: PyValue): string {
  if (kind === 's' || kind === 'r')
    return (kind === 's' ? text(value) : repr(value)).slice(0, precision === undefined ? undefined : Number(precision));
  const number = numericOf(value);
  if (number === null) throw new PythonRaise(`%${kind} wants a number, not ${typeName(value)}`);
  if (kind === 'f' || kind === 'F') {
    const digits = fixed(Math.abs(float(number)), Math.min(Number(precision ?? 6), 100));
    return sign(flags, number < 0 || Object.is(number, -0)) + digits;
  }
  const base = { d: 10, i: 10, u: 10, x: 16, X: 16, o: 8 }[kind];
  if (base === undefined) throw new PythonRaise(`the format %${kind} is not supported`);
  if (typeof number === 'number' && base !== 10) throw new PythonRaise(`%${kind} wants an integer, not float`);
  const whole = integer(number);
  const digits = (whole < 0n ? -whole : whole).toString(base).padStart(Number(precision ?? 0), '0');
  const prefix = flags.includes('#') && base !== 10 ? `0${kind}` : '';
  return sign(flags, whole < 0n) + prefix + (kind === 'X' ? digits.toUpperCase() : digits);
}

/** `toFixed` gives up at 1e21; what is so large has no fraction. */
function fixed(value: number, places: number): string {
  if (value < 1e21 || !Number.isFinite(value)) return value.toFixed(places);
  return `${BigInt(value)}${places > 0 ? `.${'0'.repeat(places)}` : ''}`;
}

function sign(flags: string, negative: boolean): string {
  return negative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
}

/** Without its fraction. */
export function integer(number: Numeric): bigint {
  if (typeof number === 'number' && !Number.isFinite(number)) throw new PythonRaise('no integer');
  return typeof number === 'bigint' ? number : BigInt(Math.trunc(number));
}

function padded(made: string, flags: string, width: number, words: boolean): string {
  if (flags.includes('-')) return made.padEnd(width);
  if (!flags.includes('0') || words) return made.padStart(width);
  const lead = /^[-+ ]?(?:0[xXo])?/.exec(made)?.[0] ?? '';
  return lead + made.slice(lead.length).padStart(width - lead.length, '0');
}
