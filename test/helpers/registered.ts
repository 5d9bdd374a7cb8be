/** Programs run in a process of their own, with `tsyn/register` before them: from `dist`, as users have it. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const at = (path: string): string => pathToFileURL(join(ROOT, path)).href;
const REGISTER = at('dist/node/register/index.js');

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly type?: 'module' | 'commonjs';
  /** How register is asked for; by default with `--import`. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** What ESM programs begin with: `opened()` is how many connections the stack has opened and accepted so far. */
const PROLOGUE = `
import { stack } from ${JSON.stringify(REGISTER)};
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { certificate } from ${JSON.stringify(at('examples/certificate.mjs'))};
const opened = () => [stack.mib.tcp.TcpActiveOpens, stack.mib.tcp.TcpPassiveOpens];
const say = (...words) => console.log(words.map((word) => typeof word === 'string' ? word : JSON.stringify(word)).join(' '));
`;

/** Runs `source` to its end. Settings of register that the test itself was started with do not count. */
export async function registered(source: string, options: ProgramOptions = {}): Promise<Outcome> {
  const { type = 'module', flags = ['--import', REGISTER], env = {}, input = '' } = options;
  const program = type === 'module' ? PROLOGUE + source : source;
  const words = [...flags, `--input-type=${type}`, '-e', program];
  const inherited = Object.entries(process.env).filter(([name]) => !/^(TSYN|NODE)_/.test(name));
  const child = spawn(process.execPath, words, { cwd: ROOT, env: { ...Object.fromEntries(inherited), ...env } });
  const limit = setTimeout(() => child.kill('SIGKILL'), 50_000);
  child.stdin.on('error', () => {}); // it may end without having read
  child.stdin.end(input);
  const read = async (stream: AsyncIterable<Buffer>): Promise<string> => {
    const parts: Buffer[] = [];
    for await (const part of stream) parts.push(part);
    return Buffer.concat(parts).toString();
  };
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr, status] = await Promise.all([read(child.stdout), read(child.stderr), ended]);
  clearTimeout(limit);
  return { status, stdout, stderr };
}

/** The lines that a program prints that ends well. */
export async function linesOf(source: string, options?: ProgramOptions): Promise<string[]> {
  const { status, stdout, stderr } = await registered(source, options);
  if (status !== 0 || stderr !== '') throw new Error(`status ${status}\n${stderr}\n${stdout}`);
  return stdout.trimEnd().split('\n');
}
