/** Owns: a run as JSON: everything that is in it, octets in hexadecimal digits. */

import type { Run } from '../types.ts';

export function toJson(run: Run, indent = 0): string {
  const replace = (_: string, value: unknown): unknown => {
    if (value instanceof Uint8Array) return hexOf(value);
    // JSON has no word for it.
    return value === Infinity ? 'Infinity' : value;
  };
  return JSON.stringify(run, replace, indent);
}

const DIGITS = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'));

export function hexOf(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) text += DIGITS[octet]!;
  return text;
}
