/**
 * Owns: what a program that talks with the kernel needs of the machine, and its surroundings: network and process
 * namespaces of its own, which end with it however it ends, together with every process and device in them.
 */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** What the programs here need and the machine has not, or null. `tools`: commands. */
export function missingHere(tools) {
  if (process.platform !== 'linux') return 'this needs Linux';
  if (process.getuid() !== 0) return 'this needs root: network namespaces and a TUN device';
  if (!existsSync('/dev/net/tun')) return 'this needs /dev/net/tun';
  try {
    createRequire(import.meta.url).resolve('koffi');
  } catch {
    return 'this needs koffi: npm install koffi';
  }
  if (!existsSync(new URL('../dist/node/index.js', import.meta.url))) return 'this needs dist: npm run build';
  for (const tool of tools) {
    if (spawnSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' }).status !== 0) return `this needs ${tool}`;
  }
  if (spawnSync('unshare', ['--net', 'true']).status !== 0) return 'this needs the right to make a network namespace';
  return null;
}

/**
 * Runs a program again, with `--inside`, in namespaces of its own. `options`: words (of its command line; those of this
 * process), heard (gets what it tells with `process.send`).
 *
 * @returns its exit code
 */
export async function runInside(path, { words: given = process.argv.slice(2), heard = () => {} } = {}) {
  const words = ['--net', '--pid', '--fork', '--kill-child=KILL', '--mount-proc'];
  words.push(process.execPath, '--expose-gc', path, ...given, '--inside');
  const child = spawn('unshare', words, {
    // Each device that idles has a thread of the pool.
    env: { ...process.env, UV_THREADPOOL_SIZE: '24' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let stopping = false;
  const stop = () => {
    // The first time in good order, the second at once.
    if (stopping) child.kill('SIGKILL');
    else if (child.connected) child.disconnect();
    stopping = true;
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  child.on('message', heard);
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.log(`cannot run: ${error.message}\n0 passed, 1 failed`);
      resolve(1);
    });
    child.on('exit', (code) => {
      for (const signal of SIGNALS) process.off(signal, stop);
      resolve(code ?? 1);
    });
  });
}

/** For the program inside: it ends when it is told to, or when the one outside has gone. */
export function settleInside() {
  const stop = () => process.exit(130);
  process.on('disconnect', stop);
  for (const signal of SIGNALS) process.on(signal, stop);
  spawnSync('ip', ['link', 'set', 'lo', 'up']);
}
