#!/usr/bin/env node
/**
 * tsyn against the kernel's TCP, over a TUN device:
 *
 *     node interop/run.mjs [--only PART] [--quick] [--keep] [--allow-skip]
 *
 * --only PART    only the cases in whose titles PART occurs
 * --quick        less text, shorter waits
 * --keep         keeps every capture, not only those of cases that failed
 * --allow-skip   where the machine cannot do it, says so and does not fail
 *
 * Owns: the command line, and the surroundings: the suite runs in network and process namespaces of its own, which end with
 * it however it ends, together with every process and device in them.
 */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** Raise it as cases are added: fewer than these is a failure. */
const MINIMUM = 118;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    'allow-skip': { type: 'boolean', default: false },
    // Said by this program to itself.
    inside: { type: 'boolean', default: false },
  },
});

if (options.inside) inside();
else outside();

async function inside() {
  const stop = () => process.exit(130);
  process.on('disconnect', stop);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
  spawnSync('ip', ['link', 'set', 'lo', 'up']);
  const { only = null, quick, keep } = options;
  try {
    const { runSuite } = await import('./suite.mjs');
    process.exit(await runSuite({ only, quick, keep, minimum: only === null ? MINIMUM : 1 }));
  } catch (error) {
    console.log(`the suite itself failed: ${error.stack ?? error}\n0 passed, 1 failed`);
    process.exit(1);
  }
}

async function outside() {
  const missing = missingHere();
  if (missing !== null) {
    if (options['allow-skip']) console.log(`0 passed, 0 failed, ${MINIMUM} skipped: ${missing}`);
    else console.log(`cannot run: ${missing}\n0 passed, 1 failed`);
    process.exitCode = options['allow-skip'] ? 0 : 1;
    return;
  }
  const words = ['--net', '--pid', '--fork', '--kill-child=KILL', '--mount-proc'];
  words.push(process.execPath, '--expose-gc', fileURLToPath(import.meta.url), ...process.argv.slice(2), '--inside');
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
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
  process.exitCode = await new Promise((resolve) => {
    child.on('error', (error) => {
      console.log(`cannot run: ${error.message}\n0 passed, 1 failed`);
      resolve(1);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** What this needs and the machine has not, or null. */
function missingHere() {
  if (process.platform !== 'linux') return 'this needs Linux';
  if (process.getuid() !== 0) return 'this needs root: network namespaces and a TUN device';
  if (!existsSync('/dev/net/tun')) return 'this needs /dev/net/tun';
  try {
    createRequire(import.meta.url).resolve('koffi');
  } catch {
    return 'this needs koffi: npm install koffi';
  }
  if (!existsSync(new URL('../dist/node/index.js', import.meta.url))) return 'this needs dist: npm run build';
  for (const tool of ['unshare', 'ip', 'ss', 'ping', 'curl', 'wget', 'python3', 'nc', 'tshark']) {
    if (spawnSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' }).status !== 0) return `this needs ${tool}`;
  }
  if (spawnSync('unshare', ['--net', 'true']).status !== 0) return 'this needs the right to make a network namespace';
  return null;
}
