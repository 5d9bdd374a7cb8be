/** One state has one form, whatever the checker's shared buffers held before. */
import { expect, it } from 'vitest';
import { answer, EXPERIMENTS, type Result } from '../../src/check/index.ts';

const resultOf = (name: string): Result =>
  answer(EXPERIMENTS.find((experiment) => experiment.name === name)!.question, 1);

it('what a search finds does not depend on what was searched before', () => {
  const first = resultOf('drop-chain');
  resultOf('reassembly');
  expect(resultOf('drop-chain')).toEqual(first);
});
