/** Owns: a thread made ready for many simulations. */

import { NodeSimulation } from '../../node/sim/index.ts';

/** Calls that an error remembers: from the stack's inside out to the scenario there are more than the usual ten. */
const DEEP_STACKS = 50;

/**
 * What simulations replace in Node stays replaced until `close`, and is not replaced anew for each of them; errors remember where in
 * the scenario they come from.
 */
export function ready(): { close(): Promise<void> } {
  const usual = Error.stackTraceLimit;
  Error.stackTraceLimit = DEEP_STACKS;
  const simulation = new NodeSimulation({ seed: 0 });
  return {
    async close() {
      Error.stackTraceLimit = usual;
      await simulation.close();
    },
  };
}
