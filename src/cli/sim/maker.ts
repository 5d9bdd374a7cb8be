/** Owns: the simulations that `tsyn sim` tells scenarios to. */

import { Simulation, type SimulationMaker } from '../../sim/index.ts';
import { guarded } from './guard.ts';

/** Calls that an error remembers: from the stack's inside out to the scenario there are more than the usual ten. */
export const DEEP_STACKS = 50;

/** How simulations are made and driven. */
export async function makerFor<S>(): Promise<SimulationMaker<S>> {
  return MAKER as unknown as SimulationMaker<S>;
}

const MAKER: SimulationMaker<Simulation> = {
  make({ seed, deadline, trace, capture, record, plan }) {
    return new Simulation({
      seed,
      deadline,
      record,
      ...(trace === null ? {} : { trace }),
      ...(capture === null ? {} : { capture }),
      ...(plan === null ? {} : { plan }),
    });
  },
  tell: (sim, scenario) => guarded(() => scenario.run(sim)),
  now: (sim) => sim.now,
  faults: (sim) => sim.faults.records,
  links: (sim) => sim.links.map(({ name, ends }) => ({ name, ends: [ends[0].name, ends[1].name] as const })),
  end() {},
};
