/** Owns: a counter-example as a ladder, as SVG, as a capture and as a script. Leaves to others: words and files. */

import { type Model, type MutantName, type Replay, rehearse, replay, type StepRecord } from '../../check/index.ts';
import { recordTrace } from '../../drill/index.ts';
import {
  type Language,
  LINKTYPE_RAW,
  ladderSvg,
  PcapngWriter,
  renderLadder,
  type TraceEvent,
} from '../../trace/index.ts';
import { WHY_TEXTS } from './texts.ts';

/** What a trace is of. */
export interface Scene {
  readonly model: Model;
  readonly mutant: MutantName | null;
  readonly trace: readonly StepRecord[];
}

/** Windows are shown where they are what the story is about. */
function options({ model }: Scene, { hosts }: Replay, lang: Language) {
  return { left: hosts[0], right: hosts[1], lang, windows: model.window < 4 };
}

export function playScene({ model, mutant, trace }: Scene, lang: Language): Replay {
  return replay(model, trace, { mutant, words: WHY_TEXTS[lang] });
}

/** What the TCP that ships makes of the same schedule. */
export function playCure({ model, trace }: Scene, lang: Language): Replay {
  return replay(model, rehearse(model, trace), { words: WHY_TEXTS[lang] });
}

/** @param end a note below everything, or null */
export function sceneLadder(scene: Scene, played: Replay, lang: Language, end: string | null): string {
  return renderLadder(withEnd(played, end), options(scene, played, lang));
}

export function sceneSvg(
  scene: Scene,
  played: Replay,
  lang: Language,
  end: string | null,
  title: string,
  description: string,
): string {
  return ladderSvg(withEnd(played, end), { ...options(scene, played, lang), title, description });
}

function withEnd({ events }: Replay, end: string | null): readonly TraceEvent[] {
  const last = events.at(-1);
  if (end === null || last === undefined) return events;
  return [...events, { type: 'note', time: last.time, host: last.host, text: end }];
}

/** Both hosts' views, an interface each. */
export function sceneCapture({ hosts, packets }: Replay, comment: string): Uint8Array {
  const writer = new PcapngWriter();
  const blocks = [writer.header({ comment })];
  for (const name of hosts) blocks.push(writer.interface({ linkType: LINKTYPE_RAW, name }));
  for (const { host, direction, time, octets } of packets) {
    blocks.push(writer.packet(hosts.indexOf(host), time, octets, 0, octets.length, { direction }));
  }
  return Buffer.concat(blocks);
}

/** The script of what the TCP that ships does under the same schedule, as the host on the right sees it. */
export function sceneScript(scene: Scene): string {
  const { events, hosts } = playCure(scene, 'en');
  return recordTrace(events, { local: hosts[1] });
}
