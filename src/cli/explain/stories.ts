/** Owns: what `tsyn explain` tells of a connection besides its row in the table: the story, the ladder, what each event means. */

import {
  chinese,
  Explainer,
  english,
  type Story,
  shortened,
  storyInChinese,
  storyInEnglish,
  type Told,
  tellStory,
} from '../../explain/index.ts';
import { type Language, renderLadder } from '../../trace/index.ts';
import type { Paint } from '../paint.ts';
import { wrap } from '../wrap.ts';
import { sidesOf } from './pictures.ts';
import { EXPLAIN_TEXTS } from './texts.ts';

/** Columns of a story. */
const WIDTH = 100;
/** Segments of a long connection that are drawn: from its beginning, from its end. */
const ROWS = [60, 30] as const;

const STORIES = { en: storyInEnglish, zh: storyInChinese };
const SENTENCES = { en: english, zh: chinese };

export function storyOf(told: Told, lang: Language): Story {
  return tellStory(told.life, STORIES[lang]);
}

/** Each event of its trace with what it means. */
export function explained(told: Told, lang: Language): readonly object[] {
  const explainer = new Explainer({ words: SENTENCES[lang] });
  return told.events.map((event) => ({ event, ...explainer.take(event) }));
}

/** The story and the ladder for a terminal. */
export function storyLines(told: Told, lang: Language, paint: Paint): readonly string[] {
  const texts = EXPLAIN_TEXTS[lang];
  const story = storyOf(told, lang);
  const { headings, space } = STORIES[lang];
  const paragraph = (heading: string, sentences: readonly string[]): readonly string[] =>
    sentences.length === 0 ? [] : ['', heading, ...wrap(sentences.join(space), WIDTH - 2).map((line) => `  ${line}`)];
  const trouble = story.trouble.flatMap((sentence) => {
    const [first, ...more] = wrap(sentence, WIDTH - 4);
    return [`  - ${first}`, ...more.map((rest) => `    ${rest}`)];
  });
  return [
    '',
    `${paint('bold', `${texts.stream} ${told.life.connection.stream}`)}  ${story.cast}`,
    ...paragraph(headings.opened, story.opened),
    ...paragraph(headings.flowed, story.flowed),
    '',
    headings.trouble,
    ...trouble,
    ...paragraph(headings.ended, story.ended),
    '',
    ladderText(told, lang),
  ];
}

function ladderText(told: Told, lang: Language): string {
  const events = shortened(told.events, ...ROWS, EXPLAIN_TEXTS[lang].notDrawn);
  return renderLadder(events, { ...sidesOf(told), lang });
}
