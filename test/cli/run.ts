/** Runs the command: built, as its users do, or within this process, where there are many to run. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Output } from '../../src/cli/command.ts';
import { main } from '../../src/cli/commands.ts';

export const MAIN: string = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The locale is C and there is no colour, unless `env` says otherwise. @param timeout ms after which it is ended */
export function tsyn(words: readonly string[], env: NodeJS.ProcessEnv = {}, timeout: number = 30_000): Ran {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: npm run build`);
  const { PATH } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words], {
    encoding: 'utf8',
    env: { PATH, LC_ALL: 'C', ...env },
    timeout,
    maxBuffer: 1 << 24,
  });
  return { status, stdout, stderr };
}

/** The same without a process of its own. */
export async function tsynHere(words: readonly string[]): Promise<Ran> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const output = (stream: PassThrough): Output => new Output(stream as unknown as NodeJS.WriteStream);
  const io = { stdin: Readable.from([]), stdout: output(stdout), stderr: output(stderr), env: { LC_ALL: 'C' } };
  const status = await main(words, io);
  return { status, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}
