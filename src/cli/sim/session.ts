/**
 * Owns: one call of `tsyn sim` from the first seed to the exit status: the seeds are run, each cause of failure is run once more
 * to be looked at, shrunk if asked for, shown and written. Leaves to others: threads (`pool.ts`), the search (`shrink.ts`),
 * ladders (`pictures.ts`), files (`files.ts`), words (`texts.ts`).
 */

import { causeOf, type Failure, type FaultPlan, faultWords, type Outcome, runScenario } from '../../node/sim/index.ts';
import { type Language, toJsonLines } from '../../trace/index.ts';
import type { Io } from '../command.ts';
import { grouped } from '../report.ts';
import { type Cause, Tally } from './causes.ts';
import { writeRun } from './files.ts';
import type { LoadedScenario } from './load.ts';
import { allLadders, ladderOf, pairsOf } from './pictures.ts';
import { runSeeds } from './pool.ts';
import { bar, ProgressLine } from './progress.ts';
import type { Readiness } from './ready.ts';
import { type Shrunk, shrink } from './shrink.ts';
import { rate, SIM_TEXTS, type SimTexts, virtualTime } from './texts.ts';

/** Causes that are run again and shown at length. */
const MOST_SHOWN = 10;
/** What a run has to keep to be looked at. */
const LOOKED_AT = { record: true, trace: true, capture: true } as const;

/** What the command line asks for. */
export interface Asked {
  readonly path: string;
  readonly from: number;
  readonly count: number;
  readonly plan: FaultPlan | null;
  readonly planPath: string | undefined;
  readonly jobs: number;
  readonly untilFailure: boolean;
  readonly minimise: boolean;
  readonly folder: string | undefined;
  readonly side: string | undefined;
  readonly ladder: boolean;
  readonly trace: boolean;
  readonly json: boolean;
  readonly lang: Language;
}

export class Session {
  readonly #asked: Asked;
  readonly #loaded: LoadedScenario;
  readonly #readiness: Readiness;
  readonly #io: Io;
  readonly #signal: AbortSignal;
  readonly #words: SimTexts;
  readonly #progress: ProgressLine;

  constructor(asked: Asked, loaded: LoadedScenario, readiness: Readiness, io: Io, signal: AbortSignal) {
    this.#asked = asked;
    this.#loaded = loaded;
    this.#readiness = readiness;
    this.#io = io;
    this.#signal = signal;
    this.#words = SIM_TEXTS[asked.lang];
    this.#progress = new ProgressLine(io.stderr);
  }

  /** @returns the exit status */
  async run(): Promise<number> {
    const { plan, count } = this.#asked;
    const { name } = this.#loaded.scenario;
    if (plan?.scenario !== undefined && plan.scenario !== name)
      this.#io.stderr.line(this.#words.otherScenario(plan.scenario, name));
    const tally = new Tally();
    const status = await (count === 1 ? this.#one() : this.#many(tally));
    // What the last runs have left behind has its turn.
    await new Promise((resolve) => setImmediate(resolve));
    const strays = [...tally.strays, ...this.#readiness.takeStrays()];
    if (strays.length > 0) this.#io.stderr.line(this.#words.strays(strays.length, strays[0]!));
    return strays.length > 0 ? 1 : status;
  }

  // ---- One seed ----

  async #one(): Promise<number> {
    const { from, trace, json, plan } = this.#asked;
    const outcome = await this.#look(from);
    if (trace) {
      this.#io.stdout.write(toJsonLines(outcome.trace));
      if (outcome.failure !== null) this.#io.stderr.line(describe(outcome.failure));
      return outcome.passed ? 0 : 1;
    }
    const unused = (plan?.faults.length ?? 0) - outcome.faults.length;
    if (unused > 0) this.#io.stderr.line(this.#words.unused(unused));
    const { failure } = outcome;
    if (failure === null) this.#showPass(outcome);
    else await this.#show({ cause: causeOf(failure), failure, seed: from, count: 1, others: [] }, outcome);
    const summary = json ? this.#io.stderr : this.#io.stdout;
    summary.line(this.#words.summary(failure === null ? 1 : 0, failure === null ? 0 : 1));
    return failure === null ? 0 : 1;
  }

  #showPass(outcome: Outcome): void {
    const { ladder, json, lang } = this.#asked;
    const { seed, time, scenario, trace, faults } = outcome;
    const files = this.#write(outcome, []);
    if (json) {
      this.#io.stdout.line(JSON.stringify({ scenario, seed, passed: true, time, faults: faults.length, files }));
      return;
    }
    this.#io.stdout.line(this.#words.passed(scenario, seed, virtualTime(time, lang)));
    if (ladder) this.#io.stdout.line(indent(allLadders(trace, lang)));
    if (files.length > 0) this.#io.stdout.line(indent(this.#words.written(files)));
  }

  // ---- Many seeds ----

  async #many(tally: Tally): Promise<number> {
    const { json } = this.#asked;
    const begun = performance.now();
    await this.#runAll(tally, begun);
    this.#progress.clear();
    const seconds = (performance.now() - begun) / 1000;
    if (this.#signal.aborted) this.#io.stderr.line(this.#words.stopped);
    const { causes } = tally;
    for (const cause of causes.slice(0, MOST_SHOWN)) await this.#show(cause, await this.#look(cause.seed));
    this.#list(causes.slice(MOST_SHOWN));
    const { done, failed, time } = tally;
    if (json) {
      const { scenario } = this.#loaded;
      const facts = { seeds: done, passed: done - failed, failed, causes: causes.length, time, seconds };
      this.#io.stdout.line(JSON.stringify({ scenario: scenario.name, ...facts }));
    }
    // With --json the summary is talk.
    const summary = json ? this.#io.stderr : this.#io.stdout;
    summary.line(this.#words.throughput(done, seconds, virtualTime(time, this.#asked.lang)));
    summary.line(this.#words.summary(done - failed, failed));
    if (failed > 0) return 1;
    return this.#signal.aborted ? 130 : 0;
  }

  async #runAll(tally: Tally, begun: number): Promise<void> {
    const { path, from, count, jobs, untilFailure, lang } = this.#asked;
    await runSeeds(
      {
        path,
        from,
        count,
        threads: jobs,
        untilFailure,
        signal: this.#signal,
        tell: (result) => {
          tally.add(result);
          this.#progress.draw(() => {
            const speed = rate(tally.done, (performance.now() - begun) / 1000);
            const failures = this.#words.summary(tally.done - tally.failed, tally.failed);
            return `${bar(tally.done, count)}  ${failures}  ${speed}/s  ${virtualTime(tally.time, lang)}`;
          });
        },
      },
      this.#loaded,
      this.#readiness,
    );
  }

  /** Causes for which there is no room: a line each. */
  #list(causes: readonly Cause[]): void {
    if (causes.length === 0) return;
    if (this.#asked.json) {
      for (const cause of causes) this.#io.stdout.line(JSON.stringify(this.#facts(cause)));
      return;
    }
    this.#io.stdout.line(this.#words.moreCauses(causes.length));
    for (const { seed, count, failure } of causes) {
      this.#io.stdout.line(
        `  ${`${seed}`.padStart(9)}  ${grouped(count).padStart(7)}x  ${describe(failure).split('\n')[0]}`,
      );
    }
  }

  // ---- A failure ----

  /** Runs a seed with everything kept. */
  #look(seed: number): Promise<Outcome> {
    const { scenario, file } = this.#loaded;
    return runScenario(scenario, seed, { ...LOOKED_AT, file, plan: this.#asked.plan });
  }

  async #show(cause: Cause, again: Outcome): Promise<void> {
    const { json } = this.#asked;
    if (again.failure === null || causeOf(again.failure) !== cause.cause) {
      this.#say(cause, [...this.#head(cause), this.#words.notAgain(cause.seed)], { again: false });
      return;
    }
    const shrunk = this.#asked.minimise ? await this.#shrink(again) : null;
    const outcome = shrunk?.outcome ?? again;
    const faults = this.#faultLines(again, shrunk);
    const files = this.#write(outcome, [...this.#head(cause), ...faults, '']);
    const lines = [...this.#head(cause), ...faults, ...this.#picture(outcome)];
    if (files.length > 0) lines.push(this.#words.written(files));
    lines.push(`${this.#words.replay} ${this.#command(cause.seed, files)}`);
    const facts = {
      again: true,
      time: outcome.time,
      faults: outcome.faults.map(({ fault }) => fault),
      words: json ? this.#faultWords(outcome) : [],
      ...(shrunk === null
        ? {}
        : { minimised: { before: shrunk.before, runs: shrunk.runs, complete: shrunk.complete } }),
      files,
      command: this.#command(cause.seed, files),
    };
    this.#say(cause, lines, facts);
  }

  #say(cause: Cause, lines: readonly string[], facts: object): void {
    if (this.#asked.json) {
      this.#io.stdout.line(JSON.stringify({ ...this.#facts(cause), ...facts }));
      return;
    }
    const [first, ...rest] = lines;
    this.#io.stdout.line(first!);
    for (const line of rest) this.#io.stdout.line(indent(line));
    this.#io.stdout.line('');
  }

  #facts({ seed, count, others, failure }: Cause): object {
    const { name, code, message, place } = failure;
    return { scenario: this.#loaded.scenario.name, seed, passed: false, count, others, name, code, message, place };
  }

  #head({ seed, count, others, failure }: Cause): string[] {
    const at = failure.place === null ? [] : [this.#words.at(`${this.#asked.path}:${failure.place}`)];
    return [this.#words.failed(seed, count - 1, others), describe(failure), ...at];
  }

  async #shrink(outcome: Outcome): Promise<Shrunk | null> {
    const shrunk = await shrink(this.#loaded, outcome, this.#signal, (runs, left) =>
      this.#progress.draw(() => `seed ${outcome.seed}: ${grouped(runs)} runs, ${grouped(left)} faults`),
    );
    this.#progress.clear();
    if (shrunk === null) this.#io.stderr.line(this.#words.notAgain(outcome.seed));
    return shrunk;
  }

  #faultLines(found: Outcome, shrunk: Shrunk | null): string[] {
    if (shrunk === null) return [this.#words.faults(found.faults.length)];
    const { outcome, before, runs, complete } = shrunk;
    const limits = complete ? [] : [this.#words.incomplete(runs)];
    if (outcome.faults.length === 0) return [this.#words.faultless, ...limits];
    const numbered = this.#faultWords(outcome).map((words, i) => `  ${i + 1}. ${words}`);
    return [this.#words.minimal(outcome.faults.length, before, runs), ...numbered, ...limits];
  }

  #faultWords({ faults, trace, links }: Outcome): string[] {
    return faultWords(faults, { lang: this.#asked.lang, trace, links });
  }

  #picture({ trace, cut }: Outcome): string[] {
    const { ladder, lang } = this.#asked;
    const end = cut ? [this.#words.cut] : [];
    if (ladder) return [allLadders(trace, lang), ...end];
    const [pair, ...others] = pairsOf(trace);
    if (pair === undefined) return end;
    const more = others.length === 0 ? [] : [this.#words.otherPairs(others.length)];
    return [ladderOf(trace, pair, lang, false), ...more, ...end];
  }

  /** @returns the files' paths; none where none were asked for */
  #write(outcome: Outcome, head: readonly string[]): readonly string[] {
    const { folder, side, lang } = this.#asked;
    if (folder === undefined) return [];
    const { paths, noScript } = writeRun(outcome, { folder, side, lang, head });
    if (noScript !== null) this.#io.stderr.line(this.#words.noScript(noScript));
    return paths;
  }

  /** What replays it: by the plan where one was written or given, else by the seed. */
  #command(seed: number, files: readonly string[]): string {
    const { path, planPath } = this.#asked;
    const plan = files.find((file) => file.endsWith('.plan.json')) ?? planPath;
    const words = plan === undefined ? [path, '--seed', `${seed}`] : [path, '--plan', plan, '--seed', `${seed}`];
    return `tsyn sim ${words.map(quoted).join(' ')}`;
  }
}

/** `Error: what was thrown`, with its code if it has one. */
function describe({ name, code, message }: Failure): string {
  return `${name}${code === null ? '' : ` [${code}]`}: ${message}`;
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : `      ${line}`))
    .join('\n');
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
