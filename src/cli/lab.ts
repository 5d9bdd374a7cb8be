/** Owns: `tsyn lab`: the lab page, served on this machine's loopback until it is told to stop. */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { COMMON, parse, UsageError } from './args.ts';
import type { Command, Io } from './command.ts';
import { pagesOf } from './lab/pages.ts';

/** Where the page is once it is built. */
const FOLDER: string = fileURLToPath(new URL('../../dist/lab/', import.meta.url));
/** The RFC's number: links to a run stay the same from one day to the next. */
const PORT = 9293;

export const command: Command = {
  help: `Usage: tsyn lab [--port N] [--host ADDRESS] [--open]

A page on which the TCP that ships runs before your eyes: lose a segment, crash a host, and see what it does. It is served on this
machine alone; nothing is loaded from elsewhere, and nothing leaves the page.

Options:
  --port N        the port; 0 for any that is free (default ${PORT})
  --host ADDRESS  the address to listen on (default 127.0.0.1: this machine alone)
  --open          open it in the browser
  --json          say where it is as a JSON object

SIGINT (Ctrl-C) and SIGTERM end it. A page of one's own, for any web server: npm run lab:build, then the files of dist/lab.
`,

  async run(words: readonly string[], io: Io): Promise<number> {
    const args = parse(words, {
      ...COMMON,
      port: { type: 'string' },
      host: { type: 'string' },
      open: { type: 'boolean' },
    });
    const [extra] = args.positionals;
    if (extra !== undefined) throw new UsageError(`unexpected argument '${extra}'`);
    const port = args.integer('port', 0, 65_535) ?? PORT;
    const host = args.text('host') ?? '127.0.0.1';
    if (!existsSync(`${FOLDER}index.html`)) {
      io.stderr.line(`tsyn lab: the page is not built: ${FOLDER} has no index.html; npm run lab:build makes it`);
      return 1;
    }
    const stopped = untilStopped(io);
    const server = createServer(pagesOf(FOLDER));
    const failure = await listening(server, port, host);
    if (failure !== null) {
      io.stderr.line(`tsyn lab: ${failure}`);
      return 1;
    }
    const url = urlOf(server.address() as AddressInfo);
    io.stdout.line(args.has('json') ? JSON.stringify({ url }) : `the lab is at ${url}`);
    if (args.has('open')) openInBrowser(url, io);
    await stopped;
    server.closeAllConnections();
    server.close();
    return 0;
  },
};

/** @returns why it cannot listen, or null */
function listening(server: Server, port: number, host: string): Promise<string | null> {
  return new Promise((resolve) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) => {
      const way = code === 'EADDRINUSE' ? ': another program has it; --port 0 takes one that is free' : `: ${code}`;
      resolve(`cannot listen on port ${port} of ${host}${way}`);
    });
    server.listen(port, host, () => resolve(null));
  });
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/`;
}

function untilStopped(io: Io): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    io.stdout.onBroken = resolve;
  });
}

/** With the program that opens links on this system. */
function openInBrowser(url: string, io: Io): void {
  const [program, ...words] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['cmd', '/c', 'start', '', url]
        : ['xdg-open', url];
  const child = spawn(program!, words, { stdio: 'ignore', detached: true });
  child.once('error', ({ code }: NodeJS.ErrnoException) =>
    io.stderr.line(`tsyn lab: ${program} does not run (${code}): open ${url}`),
  );
  child.unref();
}
