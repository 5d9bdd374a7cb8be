/**
 * What a test needs of the machine beyond Node. A missing thing is said in the title of what is skipped. Where everything
 * must be there, as on CI, TSYN_REQUIRE=1 turns such a skip into a failure.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

/** What is missing for tests on a real TUN device, or null. */
export function missingForTun(): string | null {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root';
  if (!existsSync('/dev/net/tun')) return 'needs /dev/net/tun';
  try {
    createRequire(import.meta.url).resolve('koffi');
  } catch {
    return 'needs koffi';
  }
  for (const command of ['ip', 'ping']) if (!hasCommand(command)) return `needs the ${command} command`;
  return null;
}

export function hasCommand(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status === 0;
}

/** `title`, with the reason when it is skipped. `optional` needs may be missing even where TSYN_REQUIRE is set. */
export function skipTitle(title: string, missing: string | null, optional = false): string {
  if (missing === null) return title;
  if (process.env['TSYN_REQUIRE'] === '1' && !optional)
    throw new Error(`${title}: ${missing}, and TSYN_REQUIRE is set`);
  return `${title} (skipped: ${missing})`;
}

/** A network namespace of its own, with its loopback up. */
export class Namespace {
  readonly name: string;

  constructor(name: string) {
    this.name = `tsyn-${process.pid}-${name}`;
    execFileSync('ip', ['netns', 'add', this.name]);
    this.run('ip', 'link', 'set', 'lo', 'up');
  }

  run(command: string, ...words: string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.name, command, ...words], { encoding: 'utf8', timeout: 30_000 });
  }

  delete(): void {
    execFileSync('ip', ['netns', 'delete', this.name]);
  }
}
