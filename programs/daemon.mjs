/** Owns: the servers that are programs of the system: started on the kernel's side, waited for, stopped, and their versions. */

import { execFileSync, spawn } from 'node:child_process';
import net from 'node:net';
import { until } from '../interop/wait.mjs';

/** How long a server may take until it answers, ms. */
const LIMIT = 30_000;

/**
 * Starts `command words` and waits until it takes connections at address and port.
 *
 * @returns stop, which is done when the program has gone
 * @throws Error with what it said, when it ends or is not there in time
 */
export async function daemon(command, words, { address, port, ...options }) {
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      said = (said + data).slice(-4000);
    });
  }
  let ended = null;
  const gone = new Promise((resolve) => {
    child.on('error', (error) => {
      ended = error.message;
      resolve();
    });
    child.on('close', (code, signal) => {
      ended ??= `ended with ${signal ?? code}`;
      resolve();
    });
  });
  const describe = () => `${command} at ${address} port ${port}: ${ended ?? 'running'}, said: ${said.trim()}`;
  try {
    await until(async () => ended !== null || (await answers(address, port)), describe, LIMIT);
    if (ended !== null) throw new Error(describe());
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return {
    get said() {
      return said;
    },
    async stop() {
      // In good order: a server that started others ends them.
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await gone;
      clearTimeout(timer);
    },
  };
}

function answers(address, port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, address);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** The first line in which a command says its version, wherever it says it. */
export function version(command, ...words) {
  const script = '"$0" "$@" 2>&1 || true';
  const output = execFileSync('sh', ['-c', script, command, ...(words.length === 0 ? ['--version'] : words)]);
  const line = output
    .toString()
    .split('\n')
    .find((text) => /\d+\.\d+/.test(text));
  return (line ?? 'a version that it does not tell').trim();
}
