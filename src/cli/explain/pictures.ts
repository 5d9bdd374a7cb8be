/** Owns: a connection of a capture as pictures. */

import { atHosts, shortened, type Told } from '../../explain/index.ts';
import { type Language, ladderSvg, type TraceEvent } from '../../trace/index.ts';
import { EXPLAIN_TEXTS } from './texts.ts';

/** Segments of a long connection that are drawn: from its beginning, from its end. */
const PICTURE = [150, 50] as const;

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
  return ladderSvg(events, { left, right, lang, title, description: texts.page.estimated });
}
