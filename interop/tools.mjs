/** Owns: running the programs that people use, in the suite's namespace, with a time limit. */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';

/** What a program printed and how it ended. `input` is its standard input. @throws Error when it did not end well */
export async function tool(command, words, { input = null, limit = 20 } = {}) {
  const child = spawn('timeout', [`${limit}`, command, ...words], {
    stdio: [input === null ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  const hash = createHash('sha256');
  let octets = 0;
  let said = '';
  let complaint = '';
  child.stdout.on('data', (data) => {
    hash.update(data);
    octets += data.length;
    if (said.length < 10_000) said += data.toString('latin1');
  });
  child.stderr.on('data', (data) => {
    complaint += data;
  });
  if (input !== null) {
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  }
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (status !== 0)
    throw new Error(`${command} ${words.join(' ')} ended with ${status}: ${(complaint || said).trim()}`);
  return { said, complaint, octets, digest: hash.digest('hex') };
}

/** A server: a program that runs until `stop`. */
export function server(command, words, options = {}) {
  const child = spawn(command, words, { stdio: ['ignore', 'ignore', 'pipe'], ...options });
  let complaint = '';
  child.stderr.on('data', (data) => {
    complaint += data;
  });
  const gone = new Promise((resolve) => {
    child.on('error', resolve);
    child.on('close', resolve);
  });
  return {
    get complaint() {
      return complaint;
    },
    async stop() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
