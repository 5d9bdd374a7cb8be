/**
 * Owns: the list of subcommands, which one is meant, and how it all ends: exit status 0 is success, 1 failure, 2 wrong
 * words on the command line.
 */

import { readFileSync } from 'node:fs';
import { parse, UsageError } from './args.ts';
import type { Command, Io } from './command.ts';

/** Subcommands are loaded when they are called. */
const COMMANDS: Readonly<Record<string, { readonly summary: string; load(): Promise<{ command: Command }> }>> = {
  demo: {
    summary: 'the life of a connection on a lossy wire, drawn and explained; needs no rights',
    load: () => import('./demo.ts'),
  },
  lab: {
    summary: 'a page on which the TCP that ships runs, to be watched and broken',
    load: () => import('./lab.ts'),
  },
  up: {
    summary: 'a host on a TUN or TAP device or a socket, serving echo, discard, chargen, http',
    load: () => import('./up.ts'),
  },
  nc: {
    summary: 'netcat over the stack: standard input to a connection, the connection to standard output',
    load: () => import('./nc.ts'),
  },
  drill: {
    summary: 'packetdrill scripts, played against the stack in virtual time',
    load: () => import('./drill.ts'),
  },
  sim: {
    summary: 'scenarios on a simulated network, seed after seed; the few faults that make one fail',
    load: () => import('./sim.ts'),
  },
  check: {
    summary: 'all that can happen to this TCP within bounds, searched; what must hold, holds',
    load: () => import('./check.ts'),
  },
  explain: {
    summary: 'a capture: its connections, their states, what went wrong and why; as text, pictures, a page',
    load: () => import('./explain.ts'),
  },
  why: {
    summary: 'why three segments, why four, why two MSL: each mechanism, with and without it',
    load: () => import('./why.ts'),
  },
};

const NAMES: string = Object.keys(COMMANDS).join(', ');

const HELP = `tsyn: TCP/IP in TypeScript, in user space.

Usage: tsyn COMMAND [OPTIONS]

Commands:
${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(9)}${summary}`)
  .join('\n')}

Options:
  -h, --help     this text; of a command: tsyn COMMAND --help
  -V, --version  the version

Exit status: 0 success, 1 failure, 2 wrong usage. Data goes to standard output, talk to standard error.
`;

/** @returns the exit status */
export async function main(words: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = words;
  if (name === undefined) return usage(io, 'tsyn', `a command is needed: ${NAMES}`);
  if (name.startsWith('-')) return topLevel(words, io);
  if (name === 'help' && rest.length === 0) return topLevel(['--help'], io);
  if (!Object.hasOwn(COMMANDS, name)) return usage(io, 'tsyn', `unknown command '${name}'; there are ${NAMES}`);
  const { command } = await COMMANDS[name]!.load();
  if (rest.includes('--help') || rest.includes('-h')) {
    io.stdout.write(command.help);
    return 0;
  }
  try {
    return await command.run(rest, io);
  } catch (error) {
    if (error instanceof UsageError) return usage(io, `tsyn ${name}`, error.message);
    const { code, message, stack } = error as NodeJS.ErrnoException;
    // What has a code is a failure of the world; what has none is ours, and needs to be found.
    io.stderr.line(code === undefined ? `tsyn ${name}: a bug: ${stack}` : `tsyn ${name}: ${message}`);
    return 1;
  }
}

function topLevel(words: readonly string[], io: Io): number {
  try {
    const args = parse(words, { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'V' } });
    if (args.has('help')) io.stdout.write(HELP);
    else io.stdout.line(version());
    return 0;
  } catch (error) {
    return usage(io, 'tsyn', (error as Error).message);
  }
}

function usage(io: Io, who: string, message: string): number {
  io.stderr.line(`${who}: ${message} (see ${who} --help)`);
  return 2;
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}
