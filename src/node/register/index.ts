/**
 * Owns: `tsyn/register`: a program started with `node --import tsyn/register` has its sockets on a stack, without a change to the program.
 * Nothing here waits, so that `--require` can load it too.
 */

import { writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { TsynError } from '../../stack/errors.ts';
import type { Stack } from '../../stack/index.ts';
import { createNet } from '../net/create.ts';
import type { NetOptions } from '../net/host.ts';
import { createHost } from './host.ts';
import { lookupIn } from './hosts.ts';
import { install } from './install.ts';
import { type ProgramNet, programNet } from './net.ts';
import { NO_SETTINGS, type RegisterSettings, readSettings } from './settings.ts';

/** Ends the process where settings are wrong or a link cannot be had: the program must not run on another network than it was given. */
function begin(): { settings: RegisterSettings; stack: Stack } {
  try {
    // Links are the main thread's: two hosts cannot have one.
    const settings = isMainThread ? readSettings(process.env) : NO_SETTINGS;
    return { settings, stack: createHost(settings) };
  } catch (error) {
    if (!(error instanceof TsynError)) throw error;
    writeSync(process.stderr.fd, `tsyn/register: ${error.message}\n`);
    process.exit(1);
  }
}

function lookupOf({ hosts }: RegisterSettings): NetOptions {
  return hosts.size === 0 ? {} : { lookup: lookupIn(hosts) };
}

const begun = begin();

/** The stack of the process, or of the thread. */
export const stack: Stack = begun.stack;
/** What `node:net` is from now on. */
export const net: ProgramNet = programNet(createNet(stack, lookupOf(begun.settings)));

install(net);
