/**
 * Owns: the why gallery: a question, and all that can happen searched for the answer while the reader waits: with the mechanism,
 * and without it.
 */

import { useComputed } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { headOf, verdictText } from 'tsyn/check/words';
import { ladderSvg } from 'tsyn/trace';
import type { Entry, Found, Played, Shown } from '../../gallery/messages.ts';
import { more } from '../../words/index.ts';
import { entries, found, keyOf, play, played, running, search, stop } from '../gallery.ts';
import { language } from '../store.ts';
import { question } from '../view.ts';
import { Drawn } from './drawn.tsx';
import { figure } from './shared.tsx';

export function Gallery() {
  const { gallery, why } = more.value;
  const chosen = entries.value.find(({ name }) => name === question.value) ?? entries.value[0];
  return (
    <>
      <nav class="region questions" aria-label={gallery.questions}>
        <h2>{gallery.title}</h2>
        <p class="small">{gallery.about}</p>
        <ol>
          {entries.value.map(({ name }) => (
            <li key={name}>
              <a href={`#why=${name}`} aria-current={name === chosen?.name ? 'page' : undefined}>
                {why.whys[name]?.question}
              </a>
            </li>
          ))}
        </ol>
      </nav>
      {chosen !== undefined && <Question key={chosen.name} entry={chosen} />}
    </>
  );
}

function Question({ entry }: { readonly entry: Entry }) {
  const { gallery, why } = more.value;
  const { question: asked, answer } = why.whys[entry.name]!;
  const names = entry.shown.map(({ experiment }) => experiment.name);
  const busy = running.value !== null && names.includes(running.value.experiment);
  const missing = names.some((name) => !found.value.has(name));
  const article = useRef<HTMLElement>(null);
  useEffect(() => {
    search(names);
    // In one column it is below the questions.
    if (question.value !== null && matchMedia('(max-width: 899px)').matches) article.current?.scrollIntoView();
    return stop;
  }, [entry]);
  return (
    <article class="region answer-of" ref={article}>
      <h2>{asked}</h2>
      <p class="answer-text">{answer}</p>
      <div class="tab-options">
        {busy && (
          <button type="button" class="button" onClick={stop}>
            {gallery.stop}
          </button>
        )}
        {!busy && missing && (
          <button type="button" class="button primary" onClick={() => search(names)}>
            {gallery.search}
          </button>
        )}
      </div>
      <div class="experiments">
        {(['holds', 'violated'] as const).map((expected) => (
          <div key={expected}>
            {entry.shown.map((shown, i) =>
              shown.experiment.expected === expected ? (
                <Card key={shown.experiment.name} shown={shown} first={i === 0} before={entry.shown[i - 1] ?? null} />
              ) : null,
            )}
          </div>
        ))}
      </div>
    </article>
  );
}

interface CardProps {
  readonly shown: Shown;
  readonly first: boolean;
  /** The same world is not described twice. */
  readonly before: Shown | null;
}

function Card({ shown: { experiment, model }, first, before }: CardProps) {
  const { gallery, why } = more.value;
  const { name } = experiment;
  const result = found.value.get(name);
  const progress = useComputed(() => (running.value?.experiment === name ? running.value : null)).value;
  const property = result?.result.property ?? experiment.property;
  const bounds = why.bounds(model);
  return (
    <section class={`experiment ${result?.result.verdict ?? ''}`} aria-labelledby={`e-${name}`} data-experiment={name}>
      <h3 id={`e-${name}`}>{headOf(experiment, first, why)}</h3>
      <p class="small">{why.property(property, why.properties[property])}</p>
      <p class="verdict" role="status">
        {result !== undefined && (
          <>
            <span aria-hidden="true">{result.result.verdict === 'holds' ? '✓ ' : '✗ '}</span>
            {verdictText(experiment, result.result, why)}
          </>
        )}
        {progress !== null && gallery.progress(figure(progress.states), figure(Math.round(progress.rate)))}
        {result === undefined && progress === null && gallery.waiting}
      </p>
      {result?.expected === false && <p class="bad">{why.unexpected(experiment.property)}</p>}
      {result?.result.verdict === 'violated' && <CounterExample name={name} found={result} narrow={model.window < 4} />}
      {(before === null || why.bounds(before.model) !== bounds) && (
        <details class="small">
          <summary>{gallery.bounds}</summary>
          <p>{why.searched(bounds)}</p>
        </details>
      )}
    </section>
  );
}

interface CounterProps {
  readonly name: string;
  readonly found: Found;
  /** Windows are what the story is about. */
  readonly narrow: boolean;
}

function CounterExample({ name, found: { result, trap }, narrow }: CounterProps) {
  const { gallery, why } = more.value;
  const [cure, setCure] = useState(false);
  useEffect(() => play(name, result.trace, false), [name, language.value]);
  useEffect(() => {
    if (cure) play(name, result.trace, true);
  }, [name, language.value, cure]);
  const shown = played.value.get(keyOf(name, false));
  const cured = played.value.get(keyOf(name, true));
  const text = why.counters[name];
  const end = trap && result.property !== null ? why.trap(result.property) : null;
  return (
    <>
      {shown !== undefined && <Ladder of={shown} windows={narrow} title={headline(name)} end={end} />}
      <p>{text}</p>
      <button type="button" class="button" aria-expanded={cure} onClick={() => setCure(!cure)}>
        {gallery.cure}
      </button>
      {cure && cured !== undefined && <Ladder of={cured} windows={narrow} title={why.cure} end={null} />}
    </>
  );
}

function headline(name: string): string {
  const { why } = more.value;
  const entry = entries.value.find(({ shown }) => shown.some(({ experiment }) => experiment.name === name));
  return why.whys[entry?.name ?? '']?.question ?? name;
}

interface LadderProps {
  readonly of: Played;
  readonly windows: boolean;
  readonly title: string;
  /** A note below everything. */
  readonly end: string | null;
}

function Ladder({ of: { hosts, events }, windows, title, end }: LadderProps) {
  const last = events.at(-1);
  const note =
    end === null || last === undefined ? [] : [{ type: 'note' as const, time: last.time, host: last.host, text: end }];
  const svg = ladderSvg([...events, ...note], {
    left: hosts[0],
    right: hosts[1],
    lang: language.value,
    windows,
    title,
  });
  return <Drawn svg={svg} label={title} />;
}
