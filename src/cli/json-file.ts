/** Owns: files of JSON that a user gives to a command: read, and refused with a word about what is wrong. */

import { readFileSync } from 'node:fs';
import { UsageError } from './args.ts';

/**
 * @param kind what it should be, e.g. `model`
 * @param take makes it of the data; what it throws of kind `refusal` is the user's mistake
 * @throws UsageError a file that cannot be read, or is none of these
 */
export function readJsonFile<T>(
  path: string,
  kind: string,
  take: (data: unknown) => T,
  refusal: abstract new (...args: never[]) => Error,
): T {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`'${path}' cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  try {
    return take(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof refusal)) throw error;
    throw new UsageError(`'${path}' is no ${kind}: ${error.message}`);
  }
}
