/** Owns: the options that `tsyn check` and `tsyn why` share. */

import type { Level } from '../../check/index.ts';
import type { Arguments, OptionSpecs } from '../args.ts';
import type { Bounds } from './job.ts';

export const SEARCH_OPTIONS: OptionSpecs = {
  level: { type: 'string' },
  jobs: { type: 'string', short: 'j' },
  memory: { type: 'string' },
  states: { type: 'string' },
};

export const SEARCH_OPTIONS_HELP = `  --level 1|2|3      how much is searched: as with every test run (1), as in CI (2), for patient people (3)
  -j, --jobs N       threads; by default one for each processor
  --memory MB        for each search, 1024; a search that needs more stops and says what it has covered
  --states N         states visited in each search at most; no bound`;

const MEGABYTE = 1 << 20;

export function levelOf(args: Arguments): Level {
  return (args.integer('level', 1, 3) ?? 1) as Level;
}

export function threadsOf(args: Arguments): number | undefined {
  return args.integer('jobs', 1, 256);
}

export function boundsOf(args: Arguments): Bounds {
  return {
    memory: (args.integer('memory', 1, 65_536) ?? 1024) * MEGABYTE,
    states: args.integer('states', 1, Number.MAX_SAFE_INTEGER) ?? Infinity,
  };
}
