/**
 * Owns: `tsyn explain`: a capture read, its connections in a table, and of few, or of one that is asked for, the story and the
 * ladder; the same as lines of JSON, as pictures, as a page. What is more than the table is loaded when it is told: of a long
 * capture one waits for the table.
 */

import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { CaptureReport, type Told } from '../explain/report.ts';
import { readCaptureFile } from '../node/capture-file.ts';
import { CaptureError } from '../trace/capture.ts';
import type { Language } from '../trace/words.ts';
import { type Arguments, COMMON, type OptionSpecs, parse, UsageError } from './args.ts';
import type { Command, Io } from './command.ts';
import { recordOf, summaryOf, tableLines, tableOf } from './explain/table.ts';
import { EXPLAIN_TEXTS } from './explain/texts.ts';
import { languageOf } from './language.ts';
import { paintFor } from './paint.ts';

const OPTIONS: OptionSpecs = {
  ...COMMON,
  connection: { type: 'string', short: 'c' },
  svg: { type: 'string' },
  html: { type: 'string' },
  lang: { type: 'string' },
};

const MOST_STREAMS = 0xffffffff;
/** Connections whose stories go into a page. */
const MOST_TOLD = 20;

export const command: Command = {
  help: `Usage: tsyn explain FILE [OPTIONS]
       tsyn explain - [OPTIONS]     from standard input

Reads a capture (pcap or pcapng) and tells of the TCP connections in it: who opened each, how it went, what went wrong in
Wireshark's words (TCP Retransmission, TCP Dup ACK, ...), how it ended. Streams have Wireshark's numbers (tcp.stream).
A table has them all; where they are few, or with --connection, stories and ladders with the states of both ends follow.

Options:
  -c, --connection N   the story and the ladder of stream N
  --svg FILE           write the ladder of the connection as a picture
  --html FILE          write a page with the table, stories and pictures: one file, no scripts
  --lang en|zh         the language; by default that of the locale where it is Chinese, else English
  --json               a JSON object for each connection, for each event of the one asked for, and one that sums up

A capture sees a packet once, somewhere on its way. It counts as received where it was captured, unless what its receiver sent
afterwards shows otherwise; pictures show the times at both ends as half of the least round trips to them suggests.

Exit status: 0 the capture was read to its end, 1 it cannot be read on from somewhere (what could be is told), 2 wrong usage.
`,

  async run(words: readonly string[], io: Io): Promise<number> {
    const args = parse(words, OPTIONS);
    const [path, extra] = args.positionals;
    if (path === undefined) throw new UsageError('a capture is needed: a file, or - for standard input');
    if (extra !== undefined) throw new UsageError(`unexpected argument '${extra}': one capture at a time`);
    const lang = args.choice('lang', ['en', 'zh'] as const) ?? languageOf(io.env);
    const connection = args.integer('connection', 0, MOST_STREAMS);
    const first = args.has('html') ? { few: MOST_TOLD, firstOnly: true } : {};
    const report = new CaptureReport({ connection, ...first });
    const error = await read(path, report);
    await new Telling(report, path, lang, args, io).tell(connection);
    if (error === null) return 0;
    io.stderr.line(`tsyn explain: ${path}: ${error.message}; ${EXPLAIN_TEXTS[lang].readable(report.packets)}`);
    return 1;
  },
};

/** Reads the capture as far as it can be read. @returns why it ends there, null at its end */
async function read(path: string, report: CaptureReport): Promise<CaptureError | null> {
  try {
    await readCaptureFile(path, (packet) => report.take(packet));
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    report.end();
    return error;
  }
  report.end();
  return null;
}

class Telling {
  readonly #report: CaptureReport;
  readonly #path: string;
  readonly #lang: Language;
  readonly #args: Arguments;
  readonly #io: Io;

  constructor(report: CaptureReport, path: string, lang: Language, args: Arguments, io: Io) {
    this.#report = report;
    this.#path = path;
    this.#lang = lang;
    this.#args = args;
    this.#io = io;
  }

  /** @throws UsageError a stream that is not there, a file that cannot be written */
  async tell(stream: number | undefined): Promise<void> {
    const told = this.#report.told();
    if (stream !== undefined && told.length === 0) {
      throw new UsageError(
        `--connection must be a stream of the capture, which has ${this.#streams()}, not '${stream}'`,
      );
    }
    const svg = this.#args.text('svg');
    if (svg !== undefined && told.length !== 1) {
      throw new UsageError(`--svg draws one connection, and the capture has ${this.#streams()}: --connection N`);
    }
    if (this.#args.has('json')) await this.#records(told, stream);
    else await this.#text(told, stream);
    if (svg !== undefined) {
      const { ladderPicture } = await import('./explain/pictures.ts');
      this.#write(svg, ladderPicture(told[0]!, this.#lang));
    }
    const html = this.#args.text('html');
    if (html !== undefined) {
      const { pageOf } = await import('./explain/page.ts');
      this.#write(html, pageOf(this.#report, told, basename(this.#path), this.#lang));
    }
  }

  #streams(): string {
    const count = this.#report.connections.size;
    return count === 0 ? 'none' : count === 1 ? 'stream 0 alone' : `streams 0 to ${count - 1}`;
  }

  async #records(told: readonly Told[], stream: number | undefined): Promise<void> {
    const { connections } = this.#report;
    const { explained, storyOf } = await import('./explain/stories.ts');
    const stories = new Map(told.map((one) => [one.life.connection, storyOf(one, this.#lang)]));
    for (const connection of connections) {
      if (stream !== undefined && connection.stream !== stream) continue;
      const story = stories.get(connection);
      this.#line({ ...recordOf(connection), ...(story === undefined ? {} : { story }) });
    }
    if (stream !== undefined) {
      for (const record of explained(told[0]!, this.#lang)) this.#line({ stream, ...record });
    }
    this.#line({ capture: { ...summaryOf(connections), packets: this.#report.packets } });
  }

  #line(record: object): void {
    this.#io.stdout.line(JSON.stringify(record));
  }

  async #text(told: readonly Told[], stream: number | undefined): Promise<void> {
    const { connections, packets, crowded } = this.#report;
    const { stdout } = this.#io;
    const texts = EXPLAIN_TEXTS[this.#lang];
    const paint = paintFor(stdout, this.#io.env);
    if (connections.size === 0) {
      stdout.line(texts.none(packets));
      return;
    }
    const shown = [...connections].filter((one) => stream === undefined || one.stream === stream);
    if (stream === undefined) stdout.line(`${texts.connections(connections.size, packets)}\n`);
    const [head, ...rows] = tableLines(tableOf(shown, this.#lang));
    stdout.line(paint('bold', head!));
    for (const row of rows) stdout.line(row);
    const { dropped, malformed } = connections.counts;
    if (dropped > 0) stdout.line(texts.dropped(dropped));
    if (malformed > 0) stdout.line(texts.malformed(malformed));
    if (crowded) stdout.line(`\n${texts.crowded}`);
    if (crowded || told.length === 0) return;
    const { storyLines } = await import('./explain/stories.ts');
    for (const one of told) for (const line of storyLines(one, this.#lang, paint)) stdout.line(line);
  }

  #write(path: string, content: string): void {
    try {
      writeFileSync(path, content);
    } catch (error) {
      throw new UsageError(`'${path}' cannot be written: ${(error as NodeJS.ErrnoException).code}`);
    }
    this.#io.stderr.line(EXPLAIN_TEXTS[this.#lang].written(path));
  }
}
