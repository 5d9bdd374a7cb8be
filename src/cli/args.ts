/**
 * Owns: the words of a command line: options, their values, and what is said where they make no sense: one line that
 * names the option and the value.
 */

import { parseArgs } from 'node:util';

/** Wrong words on the command line: exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** An option: `--name`, and a letter for it if it has one. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** Every command has these. */
export const COMMON: OptionSpecs = {
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
};

/** The words of one command line, understood. */
export class Arguments {
  readonly positionals: readonly string[];
  readonly #values: Map<string, string[]>;

  constructor(positionals: readonly string[], values: Map<string, string[]>) {
    this.positionals = positionals;
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The value; the last one where it is given twice. */
  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  /** Every value of an option that may be given more than once. */
  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** Values between commas, and of options given more than once; empty without the option. */
  list(name: string): string[] {
    return (this.#values.get(name) ?? []).flatMap((value) => {
      const parts = value.split(',');
      if (parts.includes('')) throw wrong(`--${name}`, 'a list of values with a comma between each two', value);
      return parts;
    });
  }

  /** @throws UsageError when it is not an integer from `min` to `max` */
  integer(name: string, min: number, max: number): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : integer(`--${name}`, text, min, max);
  }

  /** @throws UsageError when it is none of `choices` */
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw wrong(`--${name}`, choices.join(' or '), text);
    return found;
  }
}

/** @throws UsageError for an unknown option, a value that is missing, a value where there is none to give */
export function parse(words: readonly string[], specs: OptionSpecs): Arguments {
  const { tokens } = parseArgs({
    args: [...words],
    options: specs as Record<string, { type: 'string' | 'boolean' }>,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const positionals: string[] = [];
  const values = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (spec === undefined) throw new UsageError(`unknown option '${rawName}'`);
    if (spec.type === 'boolean') {
      if (value !== undefined) throw new UsageError(`option '${rawName}' takes no value, not '${value}'`);
      values.set(name, []);
      continue;
    }
    // A word that looks like the next option is more likely one than a value.
    const missing = value === undefined || (token.inlineValue === false && /^-./.test(value));
    if (missing) throw new UsageError(`option '${rawName}' needs a value`);
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return new Arguments(positionals, values);
}

/** @throws UsageError when `text` is not an integer from `min` to `max`, in decimal digits */
export function integer(what: string, text: string, min: number, max: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) throw wrong(what, `an integer from ${min} to ${max}`, text);
  return value;
}

export function wrong(what: string, expected: string, value: string): UsageError {
  return new UsageError(`${what} must be ${expected}, not '${value}'`);
}
