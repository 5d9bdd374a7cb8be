/** Owns: `tsyn check`: all experiments of a level, or a model of the user's own, searched in threads. */

import { availableParallelism } from 'node:os';
import { EXPERIMENTS, type Experiment, ModelError, type Result } from '../check/index.ts';
import { type Arguments, COMMON, type OptionSpecs, parse, UsageError } from './args.ts';
import { showCoverage } from './check/coverage.ts';
import type { Job } from './check/job.ts';
import { jobFromModel } from './check/model-file.ts';
import { experimentsNamed } from './check/names.ts';
import { boundsOf, levelOf, SEARCH_OPTIONS, SEARCH_OPTIONS_HELP, threadsOf } from './check/options.ts';
import { runSearches } from './check/pool.ts';
import { SearchProgress } from './check/progress.ts';
import { interruptible, runExperiments } from './check/session.ts';
import type { Command, Io } from './command.ts';
import { readJsonFile } from './json-file.ts';
import { grouped } from './report.ts';
import { playScene, sceneLadder } from './why/picture.ts';
import { endOf } from './why/row.ts';
import { WHY_TEXTS } from './why/texts.ts';

const OPTIONS: OptionSpecs = {
  ...COMMON,
  ...SEARCH_OPTIONS,
  only: { type: 'string' },
  model: { type: 'string' },
  coverage: { type: 'boolean' },
};

export const command: Command = {
  help: `Usage: tsyn check [--level 1|2|3] [--only NAME]... [OPTIONS]
       tsyn check --model FILE.json [OPTIONS]
       tsyn check --coverage

Searches everything that can happen to the TCP that ships in small worlds: two endpoints, a network that loses, repeats, delays
and reorders, applications that act when they like. Every experiment of the gallery (tsyn why) is run: what has to hold holds in
every state, and what has a mechanism switched off is violated.

Options:
  --only NAME        one experiment, or those of one question; may be given more than once
  --model FILE       a model of one's own: a JSON object with the fields that differ from the quiet world:
                     choices, losses, duplicates, capacity, opens, aborts, crashes, calls, intrusions, writes, window,
                     server, msl, rto, patience, keepAlive, isns, isn, incarnations, closesAtEnd, longLived, safety, goal,
                     and mutant (what is switched off)
${SEARCH_OPTIONS_HELP}
  --coverage         which events in which states, and which arrows of the state diagram, the search visits in worlds with strangers
  --json             a JSON object for each experiment, and a last one that sums up

'holds' is said only of searches that came to their end. Steps beyond the bounds of a model are counted as pruned: nothing is said of
them. A search that reaches a bound of memory or states, or is stopped by Ctrl-C, says what it has covered.
Exit status: 0 all as expected, 1 not, or a bound was reached, 2 wrong usage; 130 ended by Ctrl-C.
`,

  async run(words: readonly string[], io: Io): Promise<number> {
    const args = parse(words, OPTIONS);
    const [extra] = args.positionals;
    if (extra !== undefined) throw new UsageError(`unexpected argument '${extra}'; did you mean --only ${extra}?`);
    if (args.has('coverage')) {
      if (words.length > 1) throw new UsageError('--coverage goes with no other option');
      return showCoverage(io);
    }
    const model = args.text('model');
    if (model !== undefined) return checkModel(model, args, io);
    const level = levelOf(args);
    const experiments = chosen(args).filter(({ question }) => question.level <= level);
    if (experiments.length === 0) throw new UsageError(`nothing of that is asked at level ${level}: try --level 2`);
    const threads = threadsOf(args) ?? availableParallelism();
    return runExperiments({ experiments, level, bounds: boundsOf(args), threads, json: args.has('json') }, io);
  },
};

function chosen(args: Arguments): readonly Experiment[] {
  const names = args.all('only');
  if (names.length === 0) return EXPERIMENTS;
  const wanted = new Set(names.flatMap(experimentsNamed));
  return EXPERIMENTS.filter((experiment) => wanted.has(experiment));
}

// ---- A model of one's own ----

async function checkModel(path: string, args: Arguments, io: Io): Promise<number> {
  const other = ['only', 'level'].find((word) => args.has(word));
  if (other !== undefined) throw new UsageError(`--model does not go with --${other}`);
  const job = readJsonFile(path, 'model', jobFromModel, ModelError);
  const result = await interruptible((signal) => searchOne(job, args, io, signal));
  if (args.has('json')) {
    const { name, mutant } = job;
    io.stdout.line(JSON.stringify({ name, mutant, ...result }));
  } else say(job, result, io);
  if (result.stopped === 'asked') return 130;
  return result.verdict === 'holds' ? 0 : 1;
}

async function searchOne(job: Job, args: Arguments, io: Io, signal: AbortSignal): Promise<Result> {
  const progress = new SearchProgress(io.stderr, 1);
  let found: Result | null = null;
  await runSearches({
    jobs: [job],
    bounds: boundsOf(args),
    threads: 1,
    signal,
    progress: (index, how) => progress.update(index, job.name, how),
    tell: (_index, result) => {
      found = result;
    },
  });
  progress.clear();
  return found!;
}

function say({ name, model, mutant, safety, goal }: Job, result: Result, io: Io): void {
  const words = WHY_TEXTS.en;
  const { verdict, states, depth, pruned, waiting, trace, property, stopped } = result;
  io.stdout.line(`${name}: ${words.bounds(model)}`);
  io.stdout.line(`${mutant === null ? words.with : words.withBut(words.mutants[mutant])}.`);
  const asked = [...safety, ...(goal === null ? [] : [goal])].join(', ');
  if (verdict === 'holds') {
    const more = pruned === 0 ? '' : `; ${grouped(pruned)} steps beyond the bounds were not taken`;
    io.stdout.line(`${asked}: holds in ${grouped(states)} states, up to ${depth} steps deep${more}`);
  } else if (verdict === 'bounded') {
    io.stdout.line(words.bounded(grouped(states), `${depth}`, grouped(waiting), stopped!));
  } else {
    io.stdout.line(`${words.violated(property!, `${trace.length}`, grouped(states))} ${words.properties[property!]}\n`);
    const scene = { model, mutant, trace };
    io.stdout.line(sceneLadder(scene, playScene(scene, 'en'), 'en', endOf(result, 'en')));
  }
}
