/**
 * Owns: `tsyn/register`: a program started with `node --import tsyn/register` has its sockets on a stack of its own, without a change to it.
 */

import type { Stack } from '../../stack/index.ts';
import { createNet } from '../net/create.ts';
import { createDefaultStack } from '../net/default-stack.ts';
import { install } from './install.ts';
import { type ProgramNet, programNet } from './net.ts';

/** The stack of the process. */
export const stack: Stack = createDefaultStack();
/** What `node:net` is from now on. */
export const net: ProgramNet = programNet(createNet(stack));

install(net);
