/** Owns: a connection of a capture as pictures. */

import { atHosts, type End, shortened, stateDiagramSvg, type Told } from '../../explain/index.ts';
import { type Language, ladderSvg, type StateEvent, sequenceGraphSvg, type TraceEvent } from '../../trace/index.ts';
import { EXPLAIN_TEXTS } from './texts.ts';

/** Segments of a long connection that are drawn: from its beginning, from its end. */
const PICTURE = [150, 50] as const;
/** Packets of a direction that make a graph. */
const LEAST_GRAPH = 5;

/** The client on the left. */
export function sidesOf({ life }: Told): { readonly left: string; readonly right: string } {
  const [a, b] = life.follower.ends.map(({ host }) => host) as [string, string];
  return life.opener === 1 ? { left: b, right: a } : { left: a, right: b };
}

/** The ladder, true to the times at both ends as far as they can be told. */
export function ladderPicture(told: Told, lang: Language, [head, tail]: readonly [number, number] = PICTURE): string {
  const { left, right } = sidesOf(told);
  const texts = EXPLAIN_TEXTS[lang];
  const events: readonly TraceEvent[] = shortened(atHosts(told), head, tail, texts.notDrawn);
  const title = `${texts.stream} ${told.life.connection.stream}: ${left}, ${right}`;
  const origin = events[0]?.time ?? 0;
  return ladderSvg(events, { left, right, lang, title, origin, description: texts.page.estimated });
}

/** The way of each end through the states, the client first; of those that went any. */
export function statePictures(told: Told, lang: Language): string[] {
  const { left, right } = sidesOf(told);
  return [left, right].flatMap((host) => {
    const own = told.events.filter((event): event is StateEvent => event.type === 'state' && event.host === host);
    return own.length === 0 ? [] : [stateDiagramSvg(own, { lang, compact: true, title: host })];
  });
}

/** Sequence numbers over time, for each direction with text enough for a graph. */
export function sequencePictures(told: Told, lang: Language): string[] {
  const { connection } = told.life;
  const events = atHosts(told);
  return ([0, 1] as const).flatMap((end: End) => {
    const { name, text, packets } = connection.sides[end];
    const other = connection.sides[end === 0 ? 1 : 0].name;
    if (text === 0 || packets < LEAST_GRAPH) return [];
    const origin = events[0]?.time ?? 0;
    return [sequenceGraphSvg(events, { from: name, lang, origin, title: `${name} → ${other}` })];
  });
}
