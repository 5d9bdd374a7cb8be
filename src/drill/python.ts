/**
 * Owns: running the assertions of `%{ }%` blocks without Python: one name space that outlives the block, `assert`, assignments,
 * `print`. What is not understood is an error with its place before anything has run.
 */

import { type Expr, PythonError, parsePython, type Statement } from './python-syntax.ts';
import {
  arithmetic,
  compare,
  integer,
  isFloat,
  numericOf,
  ofNumeric,
  PythonRaise,
  type PyValue,
  repr,
  text as str,
  truth,
  typeName,
} from './python-values.ts';
import type { Position } from './script.ts';

export type { PyFloat, PyValue } from './python-values.ts';
export { PythonError };

/** The text is understood, but fails when it is run: a name nobody has set, a division by zero. */
export class PythonFailure extends PythonError {
  constructor(at: Position, reason: string) {
    super(at, reason);
    this.name = 'PythonFailure';
  }
}

/** A failed `assert`. */
export class PythonAssertion extends Error {
  readonly code = 'ERR_DRILL_ASSERTION';
  /** Within the block, from 1. */
  readonly at: Position;
  /** The condition as written. */
  readonly source: string;
  /** What its parts that are no literals came to, as Python writes it. */
  readonly operands: readonly (readonly [source: string, value: string])[];
  /** What the script says to it, or null. */
  readonly said: string | null;

  constructor(at: Position, source: string, operands: readonly (readonly [string, string])[], said: string | null) {
    const values = operands.map(([name, value]) => `${name} is ${value}`).join(', ');
    super(`assert ${source}${values === '' ? '' : `: ${values}`}${said === null ? '' : ` (${said})`}`);
    this.name = 'PythonAssertion';
    this.at = at;
    this.source = source;
    this.operands = operands;
    this.said = said;
  }
}

/**
 * Runs `text` in `scope`, which keeps what it assigns; what it prints is appended to `out`.
 *
 * @throws PythonAssertion, PythonFailure; PythonError before anything has run
 */
export function runPython(text: string, scope: Map<string, PyValue>, out: string[] = []): void {
  const space: Space = { text, scope, out };
  for (const statement of parsePython(text)) run(statement, space);
}

interface Space {
  readonly text: string;
  readonly scope: Map<string, PyValue>;
  readonly out: string[];
}

function run(statement: Statement, space: Space): void {
  switch (statement.kind) {
    case 'pass':
      return;
    case 'expression':
      evaluate(statement.value, space);
      return;
    case 'assign': {
      const value = evaluate(statement.value, space);
      const { operator, name, at } = statement;
      space.scope.set(
        name,
        operator === null ? value : raising(at, () => arithmetic(operator, lookUp(name, at, space), value)),
      );
      return;
    }
    case 'assert': {
      const { test, message } = statement;
      if (truth(evaluate(test, space))) return;
      const said = message === null ? null : str(evaluate(message, space));
      throw new PythonAssertion(statement.at, sourceOf(test, space), operandsOf(test, space), said);
    }
  }
}

function evaluate(expr: Expr, space: Space): PyValue {
  switch (expr.kind) {
    case 'literal':
      return expr.value;
    case 'name':
      return lookUp(expr.name, expr.at, space);
    case 'tuple':
      return expr.items.map((item) => evaluate(item, space));
    case 'choice':
      return evaluate(truth(evaluate(expr.test, space)) ? expr.yes : expr.no, space);
    case 'logic': {
      let value: PyValue = null;
      for (const item of expr.items) {
        value = evaluate(item, space);
        if (truth(value) === (expr.operator === 'or')) break;
      }
      return value;
    }
    case 'unary':
      return raising(expr.at, () => unary(expr.operator, evaluate(expr.operand, space)));
    case 'arithmetic': {
      let value = evaluate(expr.first, space);
      for (const { operator, operand } of expr.rest) {
        const right = evaluate(operand, space);
        const left = value;
        value = raising(operand.at, () => arithmetic(operator, left, right));
      }
      return value;
    }
    case 'comparison': {
      let left = evaluate(expr.first, space);
      for (const { operator, operand } of expr.rest) {
        const right = evaluate(operand, space);
        if (!raising(operand.at, () => compare(operator, left, right))) return false;
        left = right;
      }
      return true;
    }
    case 'call': {
      const args = expr.args.map((argument) => evaluate(argument, space));
      return raising(expr.at, () => call(expr.name, args, space.out));
    }
  }
}

function lookUp(name: string, at: Position, space: Space): PyValue {
  const value = space.scope.get(name);
  if (value === undefined) throw new PythonFailure(at, `name '${name}' is not defined`);
  return value;
}

function unary(operator: string, operand: PyValue): PyValue {
  if (operator === 'not') return !truth(operand);
  const number = numericOf(operand);
  if (number === null || (operator === '~' && typeof number !== 'bigint')) {
    throw new PythonRaise(`'${operator}' does not work with ${typeName(operand)}`);
  }
  if (operator === '~') return ~(number as bigint);
  return ofNumeric(operator === '-' ? -number : number);
}

function call(name: string, args: readonly PyValue[], out: string[]): PyValue {
  if (name === 'print') {
    out.push(args.map(str).join(' '));
    return null;
  }
  if (name === 'min' || name === 'max') return extreme(name, args);
  const [value] = args;
  if (value === undefined || args.length !== 1)
    throw new PythonRaise(`${name}() with ${args.length} arguments is not supported`);
  switch (name) {
    case 'str':
      return str(value);
    case 'repr':
      return repr(value);
    case 'bool':
      return truth(value);
    case 'len':
      if (typeof value === 'string' || Array.isArray(value)) return BigInt(value.length);
      throw new PythonRaise(`${typeName(value)} has no len()`);
  }
  const number = numericOf(value);
  if (number === null) throw new PythonRaise(`${name}() of ${typeName(value)} is not supported`);
  switch (name) {
    case 'abs':
      return ofNumeric(number < 0 || Object.is(number, -0) ? -number : number);
    case 'float':
      return { float: Number(number) };
    case 'int':
      return integer(number);
    case 'hex':
      if (isFloat(value)) throw new PythonRaise('hex() of float is not supported');
      return `${number < 0 ? '-' : ''}0x${(number < 0 ? -number : number).toString(16)}`;
    default:
      throw new PythonRaise(`${name}() is not supported`);
  }
}

function extreme(name: 'min' | 'max', args: readonly PyValue[]): PyValue {
  const [only] = args;
  const items = args.length === 1 && Array.isArray(only) ? (only as readonly PyValue[]) : args;
  if (items.length === 0) throw new PythonRaise(`${name}() of nothing`);
  return items.reduce((best, item) => (compare(name === 'min' ? '<' : '>', item, best) ? item : best));
}

function raising<T>(at: Position, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof PythonRaise ? new PythonFailure(at, error.message) : error;
  }
}

function sourceOf(expr: Expr, space: Space): string {
  return space.text
    .slice(expr.start, expr.end)
    .replace(/\\\r?\n/g, ' ')
    .replace(/\s+/g, ' ');
}

/** The names, and the compared expressions, of a condition that did not hold, each once, in the order they stand in. */
function operandsOf(test: Expr, space: Space): (readonly [string, string])[] {
  const found = new Map<string, string>();
  const note = (expr: Expr): void => {
    try {
      found.set(sourceOf(expr, space), repr(evaluate(expr, space)));
    } catch (error) {
      // What `and` or `or` never came to need not be defined.
      if (!(error instanceof PythonFailure)) throw error;
    }
  };
  const visit = (expr: Expr): void => {
    if (expr.kind === 'comparison') {
      for (const side of [expr.first, ...expr.rest.map((step) => step.operand)])
        if (side.kind !== 'literal') note(side);
      for (const side of [expr.first, ...expr.rest.map((step) => step.operand)]) visit(side);
    } else if (expr.kind === 'name') note(expr);
    else if (expr.kind === 'arithmetic')
      for (const side of [expr.first, ...expr.rest.map((step) => step.operand)]) visit(side);
    else if (expr.kind === 'logic' || expr.kind === 'tuple') expr.items.forEach(visit);
    else if (expr.kind === 'unary') visit(expr.operand);
    else if (expr.kind === 'call') expr.args.forEach(visit);
    else if (expr.kind === 'choice') [expr.test, expr.yes, expr.no].forEach(visit);
  };
  visit(test);
  return [...found];
}
