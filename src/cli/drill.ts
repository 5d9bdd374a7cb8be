/**
 * Owns: `tsyn drill`: packetdrill scripts played against the stack in virtual time, and scripts written from captures.
 */

import { availableParallelism } from 'node:os';
import { optionFault, type RecordOptions, type RunOptions, type ScriptOption } from '../drill/index.ts';
import { type Arguments, COMMON, type OptionSpecs, parse, UsageError } from './args.ts';
import type { Command, Io } from './command.ts';
import { findJobs } from './drill/find.ts';
import type { Job, JobOptions, JobResult } from './drill/job.ts';
import { runJobs } from './drill/pool.ts';
import { Progress } from './drill/progress.ts';
import { recordFile } from './drill/record.ts';

/** Options of scripts that the command line may set over theirs, in packetdrill's own words. */
const SCRIPT_OPTIONS = {
  tolerance_usecs: 'string',
  tolerance_percent: 'string',
  mss: 'string',
  mtu: 'string',
  strict_segments: 'boolean',
  tcp_ts_tick_usecs: 'string',
  tcp_ts_ecr_scaled: 'boolean',
  local_ip: 'string',
  remote_ip: 'string',
  bind_port: 'string',
  connect_port: 'string',
} as const;

const OPTIONS: OptionSpecs = {
  ...COMMON,
  ip: { type: 'string' },
  jobs: { type: 'string', short: 'j' },
  ladder: { type: 'boolean' },
  'lenient-psh': { type: 'boolean' },
  'ignore-ecr': { type: 'boolean' },
  'keep-going': { type: 'boolean' },
  mutate: { type: 'boolean' },
  record: { type: 'string' },
  host: { type: 'string' },
  connection: { type: 'string' },
  define: { type: 'string', short: 'D' },
  ...Object.fromEntries(Object.entries(SCRIPT_OPTIONS).map(([name, type]) => [name, { type }])),
};

export const command: Command = {
  help: `Usage: tsyn drill [OPTIONS] PATH...
       tsyn drill --record FILE [--connection N] [--host ADDRESS]

Plays packetdrill scripts (files, or every *.pkt in a folder) against the stack, in virtual time: no rights, no device,
no waiting. docs/drill.md describes the language.

Options:
  --ip VERSION       ipv4, ipv6, mapped (sockets of IPv6, packets of IPv4) or all, the default; scripts whose
                     names end in v4.pkt or v6.pkt, or that name a version themselves, are played over that one only
  -j, --jobs N       threads; by default one for each processor
  --ladder           draw what happened in scripts that pass, too
  --lenient-psh      do not compare PSH on segments with text
  --ignore-ecr       do not compare the echoed timestamp of outbound segments
  --keep-going       go on after a difference, and report all of them
  --mutate           of each script that passes, play mutants (an ack number off by one, a line left out, ...) that
                     must fail, and report those that do not
  -D, --define N=V   what the symbol N stands for
  --tolerance_usecs N, --tolerance_percent F, --mss N, --mtu N, --strict_segments, --tcp_ts_tick_usecs N,
  --tcp_ts_ecr_scaled, --local_ip A, --remote_ip A, --bind_port N, --connect_port N
                     as at the head of a script, over which they go
  --record FILE      write a script of a connection in a capture (pcap, pcapng) or a trace (JSON lines)
  --connection N     which one; they count from 0, the default
  --host ADDRESS     whose side the recorded script is on; by default the one that was connected to
  --json             a JSON object for each script and version: path, ip, result (pass, fail, skip, error), reason

The last line is 'N passed, N failed, N skipped'. Exit status: 0 nothing failed, 1 something did, 2 wrong usage, or a
script that is none (which counts as failed).
`,

  async run(words: readonly string[], io: Io): Promise<number> {
    const args = parse(words, OPTIONS);
    const capture = args.text('record');
    if (capture !== undefined) {
      if (args.positionals.length > 0) throw new UsageError(`--record takes no PATH: '${args.positionals[0]}'`);
      io.stdout.write(recordFile(capture, recordOptions(args)));
      return 0;
    }
    if (args.positionals.length === 0) throw new UsageError('scripts are needed: a file or a folder');
    const ip = args.choice('ip', ['ipv4', 'ipv6', 'mapped', 'all'] as const) ?? 'all';
    const threads = args.integer('jobs', 1, 256) ?? availableParallelism();
    const options = jobOptions(args);
    const jobs = findJobs(args.positionals, ip);
    return await playAll(jobs, options, threads, args.has('json'), io);
  },
};

function recordOptions(args: Arguments): RecordOptions {
  const local = args.text('host');
  const connection = args.integer('connection', 0, 1_000_000);
  return { ...(local === undefined ? {} : { local }), ...(connection === undefined ? {} : { connection }) };
}

function jobOptions(args: Arguments): JobOptions {
  const run: RunOptions = {
    lenientPsh: args.has('lenient-psh'),
    compareEcho: !args.has('ignore-ecr'),
    keepGoing: args.has('keep-going'),
    options: scriptOptions(args),
  };
  return { run, defines: definesOf(args), mutate: args.has('mutate'), ladder: args.has('ladder') };
}

function scriptOptions(args: Arguments): ScriptOption[] {
  return Object.keys(SCRIPT_OPTIONS)
    .filter((name) => args.has(name))
    .map((name) => {
      const value = args.text(name) ?? '';
      const fault = optionFault(name, value);
      if (fault !== null) throw new UsageError(fault);
      return { name, value, at: { line: 0, column: 0 } };
    });
}

function definesOf(args: Arguments): [string, string][] {
  return args.all('define').map((text) => {
    const equals = text.indexOf('=');
    if (equals <= 0) throw new UsageError(`--define wants NAME=VALUE, not '${text}'`);
    return [text.slice(0, equals), text.slice(equals + 1)];
  });
}

/** What a run comes to. */
class Tally {
  passed = 0;
  failed = 0;
  skipped = 0;
  /** Files that are no scripts: among the failed. */
  errors = 0;
  mutants = 0;
  survivors = 0;
  /** Virtual seconds: of all scripts together, of the longest. */
  time = 0;
  longest = 0;

  add(result: JobResult): void {
    if (result.result === 'pass' && result.survivors.length === 0) this.passed++;
    else if (result.result === 'skip') this.skipped++;
    else this.failed++;
    if (result.result === 'error') this.errors++;
    this.mutants += result.mutants;
    this.survivors += result.survivors.length;
    this.time += result.time;
    this.longest = Math.max(this.longest, result.time);
  }
}

async function playAll(
  jobs: readonly Job[],
  options: JobOptions,
  threads: number,
  json: boolean,
  io: Io,
): Promise<number> {
  const tally = new Tally();
  const progress = new Progress(io.stderr, jobs.length);
  const begun = performance.now();
  const skipped: JobResult[] = [];
  await runJobs(jobs, options, threads, (result) => {
    tally.add(result);
    progress.clear();
    if (json) io.stdout.line(JSON.stringify(recordOf(result)));
    else if (result.result === 'skip') skipped.push(result);
    else tell(result, io);
    if (result.result === 'error') io.stderr.line(result.text);
    progress.step();
  });
  progress.clear();
  const wall = (performance.now() - begun) / 1000;
  // With --json the summary is talk.
  const summary = json ? io.stderr : io.stdout;
  for (const { path, ip, reason } of skipped) summary.line(`SKIP  ${ip.padEnd(6)}  ${path}: ${reason}`);
  if (options.mutate) summary.line(`${tally.mutants} mutants, ${tally.survivors} of them passed`);
  if (tally.errors > 0) summary.line(`${tally.errors} failed because they are no scripts`);
  summary.line(
    `${tally.time.toFixed(1)} s of virtual time, the longest script ${tally.longest.toFixed(1)} s, in ${wall.toFixed(2)} s`,
  );
  summary.line(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`);
  if (tally.errors > 0) return 2;
  return tally.failed > 0 ? 1 : 0;
}

function tell(result: JobResult, io: Io): void {
  const { path, ip, text, printed, survivors } = result;
  const passed = result.result === 'pass' && survivors.length === 0;
  io.stdout.line(`${passed ? 'PASS' : 'FAIL'}  ${ip.padEnd(6)}  ${path}`);
  for (const line of printed) io.stdout.line(`      ${line}`);
  // Of what is no script the place is enough here: the line with its caret goes to standard error.
  const shown = result.result === 'error' ? text.split('\n')[0]! : text;
  if (shown !== '') io.stdout.line(indent(shown));
  for (const survivor of survivors) io.stdout.line(`      mutant passed: ${survivor}`);
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `      ${line}`)
    .join('\n');
}

function recordOf(result: JobResult): object {
  const { path, ip, reason, line, expected, actual, time, mutants, survivors } = result;
  return { path, ip, result: result.result, reason, line, expected, actual, time, mutants, survivors };
}
