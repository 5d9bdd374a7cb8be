/** The workload of the checker: everything that can happen to a connection from the first SYN to the end of TIME-WAIT. */

import { answer, EXPERIMENTS } from '../dist/check/index.js';

/** The four-way close at the level of CI, again and again. @returns transitions and states a second, octets of each state */
export function explore(seconds) {
  const { question } = EXPERIMENTS.find(({ name }) => name === 'four-way');
  answer(question, 2); // the engine's code is compiled
  const began = performance.now();
  let transitions = 0;
  let states = 0;
  let octets = 0;
  let spent = 0;
  while (spent < seconds * 1000) {
    const result = answer(question, 2);
    if (result.verdict !== 'holds') throw new Error(`the four-way close ${result.verdict}: ${result.property}`);
    transitions += result.transitions;
    states += result.states;
    octets = result.octetsPerState;
    spent = performance.now() - began;
  }
  return { rate: (transitions * 1000) / spent, states: (states * 1000) / spent, octets };
}
