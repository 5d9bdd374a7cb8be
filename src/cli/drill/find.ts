/**
 * Owns: which scripts are meant: files as they are named, folders with every `.pkt` in them, in the order of their names.
 */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../args.ts';

/** The largest file that is read as a script: the longest public ones have some 50 kB. */
const LARGEST = 16 * 1024 * 1024;

/** @throws UsageError a path that is not there, a folder without scripts */
export function findScripts(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) throw new UsageError(`no such file or folder: '${path}'`);
    if (!stat.isDirectory()) return [path];
    const scripts = [...walk(path)];
    if (scripts.length === 0) throw new UsageError(`no scripts (*.pkt) in the folder '${path}'`);
    return scripts;
  });
}

function* walk(folder: string): Generator<string> {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.name.endsWith('.pkt')) yield path;
  }
}

/** @throws UsageError a file that cannot be read, or is far too large for a script */
export function readScript(path: string): string {
  if (statSync(path).size > LARGEST) throw new UsageError(`'${path}' is too large for a script`);
  return readFileSync(path, 'utf8');
}
