/** Owns: `tsyn demo`. What happens is `demo/story.ts`, how it looks `demo/page.ts`, what is said `demo/texts.ts`. */

import { toJsonLines } from '../trace/index.ts';
import { COMMON, parse, UsageError } from './args.ts';
import type { Command, Io } from './command.ts';
import { annotated, page } from './demo/page.ts';
import { play } from './demo/story.ts';
import { languageOf, localeOf } from './language.ts';
import { paintFor } from './paint.ts';

export const command: Command = {
  help: `Usage: tsyn demo [--lang en|zh] [--seed N] [--json]

Two hosts on a simulated wire: the handshake, an old SYN, a lost segment, a half-close, a lost last ACK, the end of
2 MSL; drawn from the trace of the stack and explained. Time is virtual: a minute of it passes in no time.

  --lang en|zh  the language; by default that of the locale where it is Chinese, else English
  --seed N      0 .. 4294967295 (1): other ports and initial sequence numbers; one seed, one output
  --json        the trace, one event a line, in place of the page

Colour: on a terminal, unless NO_COLOR is set.
`,

  async run(words: readonly string[], io: Io): Promise<number> {
    const args = parse(words, { ...COMMON, lang: { type: 'string' }, seed: { type: 'string' } });
    const [extra] = args.positionals;
    if (extra !== undefined) throw new UsageError(`unexpected argument '${extra}'`);
    const seed = args.integer('seed', 0, 0xffffffff) ?? 1;
    const lang = args.choice('lang', ['en', 'zh'] as const) ?? languageOf(io.env);
    const story = play(seed);
    if (args.has('json')) {
      io.stdout.write(toJsonLines(annotated(story, lang)));
      return 0;
    }
    // Box drawings only where they are sure to be one column wide.
    const unicode = io.stdout.isTTY && lang === 'en' && /utf-?8/i.test(localeOf(io.env, 'LC_CTYPE'));
    const charset = unicode ? 'unicode' : 'ascii';
    io.stdout.write(page(story, { lang, charset, paint: paintFor(io.stdout, io.env) }));
    return 0;
  },
};
