/**
 * Owns: `tsyn why`: a question about TCP, answered by searching all that can happen to this one, and to one without the mechanism,
 * whose shortest misfortune is drawn and explained.
 */

import { availableParallelism } from 'node:os';
import { EXPERIMENTS, type Experiment, isExpected, type Level, type Result, WHYS, type Why } from '../check/index.ts';
import { type Arguments, COMMON, type OptionSpecs, parse, UsageError } from './args.ts';
import { asking } from './check/job.ts';
import { whyNamed } from './check/names.ts';
import { boundsOf, levelOf, SEARCH_OPTIONS, SEARCH_OPTIONS_HELP, threadsOf } from './check/options.ts';
import { runSearches } from './check/pool.ts';
import { SearchProgress } from './check/progress.ts';
import { interruptible, runExperiments } from './check/session.ts';
import { facts } from './check/table.ts';
import type { Command, Io } from './command.ts';
import { languageOf } from './language.ts';
import { paintFor } from './paint.ts';
import { type Counter, type Wanted, writeFiles } from './why/files.ts';
import { experimentLines, ladderOf, questionLines, type RowOptions } from './why/row.ts';
import { WHY_TEXTS } from './why/texts.ts';

const OPTIONS: OptionSpecs = {
  ...COMMON,
  ...SEARCH_OPTIONS,
  lang: { type: 'string' },
  svg: { type: 'string' },
  pcapng: { type: 'string' },
  script: { type: 'string' },
  real: { type: 'boolean' },
  all: { type: 'boolean' },
};

export const command: Command = {
  help: `Usage: tsyn why                     the questions
       tsyn why NAME [OPTIONS]      one of them, answered
       tsyn why --all [OPTIONS]     all searches, a line each

Why three segments, why four, why two MSL: everything that can happen to two connections of this TCP on a network that loses,
repeats, delays and reorders is searched, with the mechanism in question and without it. With it the property holds, in
so many states; without it the shortest way to a violation is drawn and explained. NAME is a question (three-way), what people
call it (syn, fin, 2msl), or a single experiment (one-msl).

Options:
  --real             below each counter-example, draw what the TCP that ships makes of the same schedule
  --svg FILE         write the ladder of the counter-example; of a second one to FILE-name.svg
  --pcapng FILE      write its packets: an interface for each host's view
  --script FILE      write a packetdrill script of what the TCP that ships does under the same schedule
  --lang en|zh       the language; by default that of the locale where it is Chinese, else English
${SEARCH_OPTIONS_HELP}
  --json             a JSON object for each experiment

Exit status: 0 everything came out as the gallery says, 1 it did not, or a bound was reached, 2 wrong usage; 130 Ctrl-C.
`,

  async run(words: readonly string[], io: Io): Promise<number> {
    const args = parse(words, OPTIONS);
    const lang = args.choice('lang', ['en', 'zh'] as const) ?? languageOf(io.env);
    const [name, extra] = args.positionals;
    if (extra !== undefined) throw new UsageError(`unexpected argument '${extra}': one question at a time`);
    if (args.has('all')) return all(args, name, io);
    if (name === undefined) {
      list(lang, args.has('json'), io);
      return 0;
    }
    return new Answering(whyNamed(name), args, lang, io).run();
  },
};

function all(args: Arguments, name: string | undefined, io: Io): Promise<number> {
  if (name !== undefined) throw new UsageError(`--all does not go with '${name}'`);
  const other = ['svg', 'pcapng', 'script', 'real'].find((word) => args.has(word));
  if (other !== undefined) throw new UsageError(`--${other} goes with one question, not with --all`);
  const level = levelOf(args);
  const experiments = EXPERIMENTS.filter(({ question }) => question.level <= level);
  const threads = threadsOf(args) ?? availableParallelism();
  return runExperiments({ experiments, level, bounds: boundsOf(args), threads, json: args.has('json') }, io);
}

function list(lang: 'en' | 'zh', json: boolean, io: Io): void {
  const { whys, list: head, more } = WHY_TEXTS[lang];
  if (json) {
    for (const { name, experiments } of WHYS) {
      const { question } = whys[name]!;
      io.stdout.line(JSON.stringify({ name, question, experiments: experiments.map((one) => one.name) }));
    }
    return;
  }
  const width = Math.max(...WHYS.map(({ name }) => name.length));
  io.stdout.line(`${head}\n`);
  for (const { name } of WHYS) io.stdout.line(`  ${name.padEnd(width)}  ${whys[name]!.question}`);
  io.stdout.line(`\n${more}`);
}

/** One question from its first search to the exit status. */
class Answering {
  readonly #why: Why;
  readonly #args: Arguments;
  readonly #lang: 'en' | 'zh';
  readonly #io: Io;
  readonly #level: Level;
  readonly #wanted: Wanted;
  readonly #results: Map<Experiment, Result> = new Map();
  #told = 0;

  constructor(why: Why, args: Arguments, lang: 'en' | 'zh', io: Io) {
    this.#why = why;
    this.#args = args;
    this.#lang = lang;
    this.#io = io;
    this.#level = levelOf(args);
    this.#wanted = { svg: args.text('svg'), pcapng: args.text('pcapng'), script: args.text('script') };
  }

  async run(): Promise<number> {
    const { stdout } = this.#io;
    if (!this.#json) stdout.line(questionLines(this.#why, this.#options).join('\n'));
    const stopped = await interruptible((signal) => this.#search(signal));
    this.#writeFiles();
    const results = this.#why.experiments.map((experiment) => this.#results.get(experiment));
    const wrong = this.#why.experiments.some((experiment, i) => {
      const result = results[i];
      return result !== undefined && result.stopped !== 'asked' && !isExpected(experiment, result);
    });
    if (wrong) return 1;
    return stopped ? 130 : 0;
  }

  get #json(): boolean {
    return this.#args.has('json');
  }

  get #options(): RowOptions {
    const paint = paintFor(this.#io.stdout, this.#io.env);
    return { lang: this.#lang, level: this.#level, cure: this.#args.has('real'), paint };
  }

  /** @returns whether Ctrl-C ended it */
  async #search(signal: AbortSignal): Promise<boolean> {
    const asked = asking(this.#why.experiments, this.#level);
    const progress = new SearchProgress(this.#io.stderr, asked.length);
    await runSearches({
      jobs: asked.map(({ job }) => job),
      bounds: boundsOf(this.#args),
      threads: threadsOf(this.#args) ?? availableParallelism(),
      signal,
      progress: (index, how) => progress.update(index, asked[index]!.job.name, how),
      tell: (index, result) => {
        progress.finish(index, result.states);
        progress.clear();
        for (const experiment of asked[index]!.experiments) this.#results.set(experiment, result);
        this.#tell();
      },
    });
    return signal.aborted;
  }

  #tell(): void {
    const { experiments } = this.#why;
    for (; this.#told < experiments.length; this.#told++) {
      const experiment = experiments[this.#told]!;
      const result = this.#results.get(experiment);
      if (result === undefined) return;
      const before = experiments[this.#told - 1];
      this.#io.stdout.line(this.#json ? this.#record(experiment, result) : this.#text(experiment, result, before));
    }
  }

  #text(experiment: Experiment, result: Result, before: Experiment | undefined): string {
    const options = before === undefined ? this.#options : { ...this.#options, before };
    return `\n${experimentLines(experiment, result, options).join('\n')}`;
  }

  #record(experiment: Experiment, result: Result): string {
    const lang = this.#lang;
    const { whys, counters } = WHY_TEXTS[lang];
    const picture =
      result.verdict === 'violated'
        ? { ladder: ladderOf(experiment, result, this.#level, lang), explanation: counters[experiment.name] }
        : {};
    const { question } = whys[this.#why.name]!;
    return JSON.stringify({ why: this.#why.name, question, ...facts(experiment, result), ...picture });
  }

  #writeFiles(): void {
    const counters: Counter[] = [];
    for (const experiment of this.#why.experiments) {
      const result = this.#results.get(experiment);
      if (result?.verdict === 'violated') counters.push({ why: this.#why.name, experiment, result });
    }
    const wants = Object.values(this.#wanted).some((path) => path !== undefined);
    if (wants && counters.length === 0) {
      throw new UsageError(`${this.#why.name} has no counter-example of which a file could be written`);
    }
    const { paths, noScript } = writeFiles(counters, this.#wanted, this.#level, this.#lang);
    const { written, noScript: none } = WHY_TEXTS[this.#lang];
    if (paths.length > 0) this.#io.stderr.line(written(paths));
    for (const name of noScript) this.#io.stderr.line(none(name));
  }
}
