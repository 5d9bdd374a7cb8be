/** The scripts of `scripts/`, by topic. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const SCRIPTS: string = fileURLToPath(new URL('../../scripts', import.meta.url));

export interface OwnScript {
  /** The folder: `time-wait`. */
  readonly topic: string;
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

export const TOPICS: readonly string[] = readdirSync(SCRIPTS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();

export const OWN_SCRIPTS: readonly OwnScript[] = TOPICS.flatMap((topic) =>
  readdirSync(join(SCRIPTS, topic))
    .filter((file) => file.endsWith('.pkt'))
    .sort()
    .map((file) => ({
      topic,
      path: `scripts/${topic}/${file}`,
      text: readFileSync(join(SCRIPTS, topic, file), 'utf8'),
    })),
);
