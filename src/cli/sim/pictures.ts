/** Owns: a run as ladders: between which hosts, and how much of a long one is drawn. */

import { drawLadder, type LadderRow, type Language, ladderRows, type TraceEvent } from '../../trace/index.ts';
import { SYN } from '../../wire/tcp.ts';
import { SIM_TEXTS } from './texts.ts';

/** Rows drawn of a long ladder: how it begins, and how it ends. */
const FIRST_ROWS = 10;
const LAST_ROWS = 30;

/** Two hosts that exchange segments, the one that opens on the left. */
export type Pair = readonly [left: string, right: string];

/** Pairs of hosts that exchange segments, those with the most first. */
export function pairsOf(trace: readonly TraceEvent[]): Pair[] {
  const owners = new Map<string, string>();
  for (const event of trace) if (event.type === 'segment-sent') owners.set(event.src, event.host);
  const counts = new Map<string, { pair: Pair; count: number }>();
  for (const event of trace) {
    if (event.type !== 'segment-sent') continue;
    // Who never sends anything has no name here, only an address.
    const peer = owners.get(event.dst) ?? event.dst;
    if (peer === event.host) continue;
    const key = [event.host, peer].sort().join(' ');
    // The first segment between the two is the SYN of who opens.
    const known = counts.get(key) ?? { pair: opening(event.host, peer, event.segment.flags), count: 0 };
    counts.set(key, { ...known, count: known.count + 1 });
  }
  const known = new Set(owners.values());
  const strangers = ({ pair }: { pair: Pair }): number => pair.filter((name) => !known.has(name)).length;
  return [...counts.values()].sort((a, b) => strangers(a) - strangers(b) || b.count - a.count).map(({ pair }) => pair);
}

function opening(sender: string, receiver: string, flags: number): Pair {
  return (flags & SYN) !== 0 ? [sender, receiver] : [receiver, sender];
}

/** The ladder of two hosts. @param whole all of it, however long */
export function ladderOf(trace: readonly TraceEvent[], [left, right]: Pair, lang: Language, whole: boolean): string {
  const options = { left, right, lang, windows: false };
  const ladder = ladderRows(trace, options);
  return drawLadder(whole ? ladder : { ...ladder, rows: shortened(ladder.rows, lang) }, options);
}

function shortened(rows: readonly LadderRow[], lang: Language): readonly LadderRow[] {
  const left = rows.length - FIRST_ROWS - LAST_ROWS;
  if (left <= 1) return rows;
  const gap: LadderRow = { kind: 'gap', text: SIM_TEXTS[lang].notDrawn(left) };
  return [...rows.slice(0, FIRST_ROWS), gap, ...rows.slice(-LAST_ROWS)];
}

/** Every pair's ladder, whole, one below the other. */
export function allLadders(trace: readonly TraceEvent[], lang: Language): string {
  const pairs = pairsOf(trace);
  return pairs
    .map((pair) => {
      const title = pairs.length === 1 ? '' : `${SIM_TEXTS[lang].between(...pair)}\n`;
      return title + ladderOf(trace, pair, lang, true);
    })
    .join('\n\n');
}
