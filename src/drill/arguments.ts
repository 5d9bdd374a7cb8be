/**
 * Owns: what the expressions of a system call mean: numbers and constants, structures by their field names.
 */

import { DrillMismatch } from './errors.ts';
import type { Expression, Field } from './script.ts';
import { errnoNumber, symbol } from './symbols.ts';

/** An integer: written out, a constant, or constants joined by `|`. @throws DrillMismatch */
export function integer(expression: Expression): number {
  switch (expression.kind) {
    case 'integer':
      return expression.value;
    case 'word': {
      const value = symbol(expression.name) ?? errnoNumber(expression.name);
      if (value === undefined) throw new DrillMismatch(`unknown constant ${expression.name}`);
      return value;
    }
    case 'operator': {
      const values = expression.operands.map(integer);
      return expression.operator === '~' ? ~values[0]! : values.reduce((a, b) => a | b, 0);
    }
    case 'application':
      if (BYTE_ORDER.has(expression.name) && expression.args.length === 1) return integer(expression.args[0]!);
      break;
    default:
  }
  throw new DrillMismatch(`expected an integer, not ${described(expression)}`);
}

/** Functions that only change how a number lies in memory. */
const BYTE_ORDER: ReadonlySet<string> = new Set(['htons', 'htonl', 'ntohs', 'ntohl']);

/** `[n]`: a number behind a pointer. */
export function behind(expression: Expression): number {
  if (expression.kind !== 'list' || expression.items.length !== 1) {
    throw new DrillMismatch(`expected [N], not ${described(expression)}`);
  }
  return integer(expression.items[0]!);
}

export function list(expression: Expression): readonly Expression[] {
  if (expression.kind !== 'list') throw new DrillMismatch(`expected a list, not ${described(expression)}`);
  return expression.items;
}

export function fields(expression: Expression): readonly Field[] {
  if (expression.kind !== 'record') throw new DrillMismatch(`expected a structure, not ${described(expression)}`);
  return expression.fields;
}

/** A field by its name, or null. */
export function field(expression: Expression, name: string): Expression | null {
  return fields(expression).find((each) => each.name === name)?.value ?? null;
}

/** An integer field; `fallback` where it is absent. */
export function integerField(expression: Expression, name: string, fallback: number = 0): number {
  const value = field(expression, name);
  return value === null ? fallback : integer(value);
}

/** The lengths of an I/O vector: `[{..., 100}, {iov_base=..., iov_len=200}]`. */
export function vectorLengths(expression: Expression): number[] {
  return list(expression).map((entry) => {
    const each = fields(entry);
    const length = field(entry, 'iov_len') ?? each[1]?.value;
    if (length === undefined) throw new DrillMismatch('expected {..., LENGTH} in the I/O vector');
    return integer(length);
  });
}

export function described(expression: Expression): string {
  switch (expression.kind) {
    case 'ellipsis':
      return '...';
    case 'word':
      return expression.name;
    case 'integer':
      return expression.text;
    case 'string':
      return `"${expression.value}"`;
    default:
      return `a${expression.kind === 'list' || expression.kind === 'record' ? '' : 'n'} ${expression.kind}`;
  }
}
