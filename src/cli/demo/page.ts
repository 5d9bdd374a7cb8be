/**
 * Owns: the demo as a page of text: headings, paragraphs, ladders, 100 columns wide. Leaves to others: what is said
 * (`texts.ts`), what happened (`story.ts`), the ladder itself (`trace/`).
 */

import {
  displayWidth,
  drawLadder,
  type Ladder,
  type LadderRow,
  type Language,
  ladderRows,
  type TextLadderOptions,
  type TraceEvent,
} from '../../trace/index.ts';
import { type Paint, plain } from '../paint.ts';
import { wrap } from '../wrap.ts';
import { type Act, type ActName, CLIENT, SERVER, type Story } from './story.ts';
import { texts } from './texts.ts';

export interface PageOptions {
  readonly lang: Language;
  readonly charset?: 'ascii' | 'unicode';
  readonly paint?: Paint;
}

const WIDTH = 100;

/** The whole page, with a line feed at its end. */
export function page(story: Story, options: PageOptions): string {
  const { lang, paint = plain } = options;
  const words = texts(lang, story.facts);
  const ladders = new Map<ActName, Ladder>();
  for (const scene of new Set(story.acts.map((act) => act.scene))) {
    const acts = story.acts.filter((act) => act.scene === scene);
    for (const [name, ladder] of sceneLadders(story, acts, lang)) ladders.set(name, ladder);
  }
  const lines: string[] = [paint('bold', words.title), '', ...wrap(words.intro, WIDTH)];
  story.acts.forEach((act, index) => {
    const { title, sections, text } = words.acts[act.name];
    const head = `${index + 1}. ${title}`;
    const space = ' '.repeat(Math.max(2, WIDTH - displayWidth(head) - displayWidth(sections)));
    lines.push('', '', paint(['bold', 'cyan'], head) + space + paint('dim', sections), '', ...wrap(text, WIDTH), '');
    const drawn = drawLadder(ladders.get(act.name)!, ladderOptions(options));
    lines.push(...drawn.split('\n').map((line, row) => paintLine(line, row === 0, paint)));
  });
  lines.push('', '', ...wrap(words.closing, WIDTH), '', paint('bold', words.next));
  const column = Math.max(...words.commands.slice(0, -1).map(([command]) => command.length)) + 4;
  for (const [command, what] of words.commands) {
    if (command.length < column) lines.push(`  ${paint('cyan', command.padEnd(column))}${what}`);
    else lines.push('', `  ${paint('cyan', command)}`, `  ${' '.repeat(column)}${what}`);
  }
  return `${lines.join('\n')}\n`;
}

/** The trace with a note before each act, saying what the page says. */
export function annotated(story: Story, lang: Language): TraceEvent[] {
  const words = texts(lang, story.facts);
  const events: TraceEvent[] = [note(0, `${words.title}. ${words.intro}`)];
  for (const act of story.acts) {
    const { title, text, sections } = words.acts[act.name];
    const colon = lang === 'zh' ? '：' : ': ';
    const brackets = lang === 'zh' ? `（${sections}）` : ` (${sections})`;
    events.push(note(startOf(story, act), `${title}${colon}${text}${brackets}`));
    events.push(...story.events.slice(act.from, act.to));
  }
  return events;
}

function note(time: number, text: string): TraceEvent {
  return { type: 'note', time, host: 'demo', text };
}

/** An act begins when the last thing before it is over. */
function startOf(story: Story, act: Act): number {
  return story.events[act.from - 1]?.time ?? 0;
}

/** One picture's acts: the rows are arranged together, for the numbers and states to go on, and then cut apart. */
function sceneLadders(story: Story, acts: readonly Act[], lang: Language): Map<ActName, Ladder> {
  const events = acts.flatMap((act) => [
    note(startOf(story, act), act.name),
    ...story.events.slice(act.from, act.to).filter(shown),
  ]);
  const { initial, rows } = ladderRows(events, { left: CLIENT, right: SERVER, lang, windows: false });
  const ladders = new Map<ActName, Ladder>();
  const states: [string, string] = [...initial];
  for (const act of acts) {
    const from = rows.findIndex((row) => row.kind === 'note' && row.text === act.name) + 1;
    const rest = rows.slice(from);
    const end = rest.findIndex((row) => row.kind === 'note');
    const own = withoutGapAtEnd(end < 0 ? rest : rest.slice(0, end));
    ladders.set(act.name, { initial: [...states], rows: own });
    for (const row of own) {
      if (row.kind !== 'arrow' && row.kind !== 'text') continue;
      row.states.forEach((state, side) => {
        if (state !== '') states[side] = state;
      });
    }
  }
  return ladders;
}

/** All but SENDs, which their segments tell of, and what a listener does before it knows its peer. */
function shown(event: TraceEvent): boolean {
  if (event.type === 'call' && event.call === 'SEND') return false;
  return !('connection' in event) || !event.connection.remote.endsWith(':0');
}

function withoutGapAtEnd(rows: readonly LadderRow[]): readonly LadderRow[] {
  return rows.at(-1)?.kind === 'gap' ? rows.slice(0, -1) : rows;
}

function ladderOptions({ lang, charset = 'ascii' }: PageOptions): TextLadderOptions {
  return { left: CLIENT, right: SERVER, lang, charset, width: WIDTH, fill: true };
}

const STATES =
  /\b(LISTEN|SYN-SENT|SYN-RECEIVED|ESTABLISHED|FIN-WAIT-[12]|CLOSE-WAIT|CLOSING|LAST-ACK|TIME-WAIT|CLOSED)\b(?=\s*[|│]|\s*$|\s+\d+$)/g;

/** Colours a ladder's line by what it tells. */
function paintLine(line: string, head: boolean, paint: Paint): string {
  if (head) return paint('dim', line);
  let painted = line.replace(STATES, (state) => paint('green', state));
  if (/[X✗]( lost| 丢失|[-─])/.test(line)) painted = painted.replace(/X|✗/, (x) => paint(['bold', 'red'], x));
  painted = painted.replace(/\blost\b|丢失/, (word) => paint('red', word));
  return painted.replace(/\((retransmission|injected|重传|注入)\)/, (mark) => paint('yellow', mark));
}
