/**
 * Owns: `tsyn sim`: a scenario told to one seed or a hundred thousand, and what fails shown once for each cause: seed, ladder,
 * the command that replays it, and, if asked for, the fewest faults that make it fail.
 */

import { availableParallelism } from 'node:os';
import { checkPlan, type FaultPlan, PlanError } from '../sim/index.ts';
import { type Arguments, COMMON, type OptionSpecs, parse, UsageError } from './args.ts';
import type { Command, Io } from './command.ts';
import { readJsonFile } from './json-file.ts';
import { languageOf } from './language.ts';
import { loadScenario } from './sim/load.ts';
import { Readiness } from './sim/ready.ts';
import { type Asked, Session } from './sim/session.ts';

const OPTIONS: OptionSpecs = {
  ...COMMON,
  seed: { type: 'string' },
  seeds: { type: 'string' },
  from: { type: 'string' },
  jobs: { type: 'string', short: 'j' },
  minimise: { type: 'boolean' },
  out: { type: 'string', short: 'o' },
  side: { type: 'string' },
  trace: { type: 'boolean' },
  ladder: { type: 'boolean' },
  lang: { type: 'string' },
  'until-failure': { type: 'boolean' },
  plan: { type: 'string' },
};

/** As a simulation's seed may be. */
const LARGEST_SEED = Number.MAX_SAFE_INTEGER;
const MOST_SEEDS = 1_000_000_000;

export const command: Command = {
  help: `Usage: tsyn sim SCENARIO [--seed N | --seeds N [--from N]] [OPTIONS]
       tsyn sim SCENARIO --plan FILE [OPTIONS]

Runs a scenario on a simulated network in virtual time: a module (.js, .mjs; .ts where Node reads it) that exports
  export default { name, description, deadline, run(sim) }        or a function (sim) => ...
It fails by throwing, by rejecting, or by not being done at its deadline (virtual ms; a day).

Options:
  --seed N           one run, with this seed (1)
  --seeds N          N runs, with seeds from --from on
  --from N           the first seed (1)
  -j, --jobs N       threads; by default one for each processor
  --until-failure    no more seeds once one has failed
  --minimise         find the fewest faults that still make it fail in the same way, and say them one by one
  --plan FILE        run with the faults of a plan (seed-N.plan.json) in the place of chance
  -o, --out DIR      write of each failure, and of a single run, to DIR: seed-N.plan.json, seed-N.pcapng,
                     seed-N.pkt (a packetdrill script for tsyn drill), seed-N.txt (the ladder)
  --side HOST        whose side captures and scripts are; by default the host that answers the first SYN
  --ladder           draw all rows, and runs that pass, too
  --trace            print the trace of a single run as lines of JSON, in place of everything else
  --lang en|zh       the language; by default that of the locale where it is Chinese, else English
  --json             a JSON object for each cause of failure, and a last one that sums up

Each failure is shown once for its cause (what was thrown, and where), with the command that replays it. The last line is
'N passed, N failed'. Ctrl-C shows what was found so far. Exit status: 0 all passed, 1 a seed failed, 2 wrong usage, or a
module that is no scenario; 130 ended by Ctrl-C before anything failed.
`,

  async run(words: readonly string[], io: Io): Promise<number> {
    const args = parse(words, OPTIONS);
    const asked = understand(args, io);
    const readiness = new Readiness();
    const ending = new AbortController();
    const stop = (): void => ending.abort();
    process.once('SIGINT', stop);
    try {
      const loaded = await loadScenario(asked.path);
      return await new Session(asked, loaded, readiness, io, ending.signal).run();
    } finally {
      process.off('SIGINT', stop);
      await readiness.close();
    }
  },
};

/** @throws UsageError */
function understand(args: Arguments, io: Io): Asked {
  const [path, extra] = args.positionals;
  if (path === undefined) throw new UsageError('a scenario is needed: a module (.js, .mjs or .ts)');
  if (extra !== undefined) throw new UsageError(`unexpected argument '${extra}': one scenario at a time`);
  exclude(args, 'seed', ['seeds', 'from']);
  exclude(args, 'plan', ['seeds', 'from']);
  exclude(args, 'trace', ['seeds', 'json', 'ladder', 'minimise']);
  if (args.has('from') && !args.has('seeds')) throw new UsageError('--from goes with --seeds');
  if (args.has('side') && !args.has('out')) throw new UsageError('--side goes with --out');
  const plan = readPlan(args.text('plan'));
  const count = args.integer('seeds', 1, MOST_SEEDS) ?? 1;
  const from = args.integer('seed', 0, LARGEST_SEED) ?? args.integer('from', 0, LARGEST_SEED) ?? plan?.seed ?? 1;
  if (from > LARGEST_SEED - (count - 1)) throw new UsageError(`--from ${from} leaves no room for ${count} seeds`);
  return {
    path,
    from,
    count,
    plan,
    planPath: args.text('plan'),
    jobs: args.integer('jobs', 1, 256) ?? availableParallelism(),
    untilFailure: args.has('until-failure'),
    minimise: args.has('minimise'),
    folder: args.text('out'),
    side: args.text('side'),
    ladder: args.has('ladder'),
    trace: args.has('trace'),
    json: args.has('json'),
    lang: args.choice('lang', ['en', 'zh'] as const) ?? languageOf(io.env),
  };
}

function exclude(args: Arguments, name: string, others: readonly string[]): void {
  const other = others.find((word) => args.has(word));
  if (args.has(name) && other !== undefined) throw new UsageError(`--${name} does not go with --${other}`);
}

/** @throws UsageError a file that cannot be read, or is no plan */
function readPlan(path: string | undefined): FaultPlan | null {
  return path === undefined ? null : readJsonFile(path, 'plan of faults', checkPlan, PlanError);
}
