/**
 * Owns: `tsyn/sim/register`: a preload (`node --import tsyn/sim/register`) for what is loaded before there is a simulation and keeps what it
 * takes from Node, such as `const { randomFillSync } = require('crypto')`. From here on Node's functions ask where their callers are, for as
 * long as the process lives.
 */

import { install, uninstall } from './patches.ts';

let registered = true;
install();

/** Puts everything back; simulations that are open keep what they need. Harmless when repeated. */
export function unregister(): void {
  if (!registered) return;
  registered = false;
  uninstall();
}
