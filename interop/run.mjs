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
 * Owns: the command line. Its surroundings are `namespaces.mjs`'s.
 */

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { missingHere, runInside, settleInside } from './namespaces.mjs';

const TOOLS = ['unshare', 'nsenter', 'ip', 'ss', 'ping', 'curl', 'wget', 'python3', 'nc', 'tshark'];

/** Raise it as cases are added: fewer than these is a failure. */
const MINIMUM = 136;

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
  settleInside();
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
  const missing = missingHere(TOOLS);
  if (missing === null) {
    process.exitCode = await runInside(fileURLToPath(import.meta.url));
  } else {
    if (options['allow-skip']) console.log(`0 passed, 0 failed, ${MINIMUM} skipped: ${missing}`);
    else console.log(`cannot run: ${missing}\n0 passed, 1 failed`);
    process.exitCode = options['allow-skip'] ? 0 : 1;
  }
}
