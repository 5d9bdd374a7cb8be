/** Owns: counter-examples as files: SVG, pcapng, packetdrill. */

import { writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { Experiment, Level, Result } from '../../check/index.ts';
import { RecordError } from '../../drill/index.ts';
import type { Language } from '../../trace/index.ts';
import { UsageError } from '../args.ts';
import { playScene, sceneCapture, sceneScript, sceneSvg } from './picture.ts';
import { endOf, sceneOf } from './row.ts';
import { WHY_TEXTS } from './texts.ts';

/** Paths that were asked for. */
export interface Wanted {
  readonly svg: string | undefined;
  readonly pcapng: string | undefined;
  readonly script: string | undefined;
}

export interface Counter {
  readonly why: string;
  readonly experiment: Experiment;
  readonly result: Result;
}

/**
 * Writes the first counter-example to the paths themselves, the others to `PATH-name.ext`.
 *
 * @returns paths written, and experiments of which there is no script
 * @throws UsageError a file that cannot be written
 */
export function writeFiles(
  counters: readonly Counter[],
  wanted: Wanted,
  level: Level,
  lang: Language,
): { readonly paths: readonly string[]; readonly noScript: readonly string[] } {
  const paths: string[] = [];
  const noScript: string[] = [];
  counters.forEach(({ why, experiment, result }, i) => {
    const put = (path: string, content: string | Uint8Array): void => {
      const own = i === 0 ? path : beside(path, experiment.name);
      try {
        writeFileSync(own, content);
      } catch (error) {
        throw new UsageError(`'${own}' cannot be written: ${(error as NodeJS.ErrnoException).code}`);
      }
      paths.push(own);
    };
    const { whys, counters: texts } = WHY_TEXTS[lang];
    const scene = sceneOf(experiment, result, level);
    const played = playScene(scene, lang);
    const title = whys[why]!.question;
    const text = texts[experiment.name]!;
    if (wanted.svg !== undefined) put(wanted.svg, sceneSvg(scene, played, lang, endOf(result, lang), title, text));
    if (wanted.pcapng !== undefined) put(wanted.pcapng, sceneCapture(played, `${experiment.name}: ${text}`));
    if (wanted.script === undefined) return;
    try {
      put(wanted.script, sceneScript(scene));
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      noScript.push(experiment.name);
    }
  });
  return { paths, noScript };
}

function beside(path: string, name: string): string {
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}-${name}${extension}`;
}
