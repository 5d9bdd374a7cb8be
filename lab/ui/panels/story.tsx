/** Owns: what is told of a preset, in three beats: what happens, what do you think will come of it, now break it yourself. */

import { useState } from 'preact/hooks';
import { tales, words } from '../../words/index.ts';
import type { PresetWords } from '../../words/types.ts';
import { catalogue } from '../catalogue.ts';
import { cursor, input, playing, run, steps } from '../store.ts';
import { Rfc } from './shared.tsx';

export function Story() {
  const { preset } = input.value;
  const text = tales.value[preset];
  if (text === undefined) return <div class="beats" />;
  const rfc = catalogue.value.find(({ id }) => id === preset)?.rfc ?? [];
  return (
    <div class="beats" key={preset}>
      <div class="beat tale">
        <h2>{text.title}</h2>
        {text.story.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
        <p class="rfcs small">
          {rfc.map((section) => (
            <Rfc key={section} of={section} />
          ))}
        </p>
      </div>
      <Predict {...text.predict} />
      <Challenge {...text.challenge} />
    </div>
  );
}

function Predict({ question, answers, right, because }: PresetWords['predict']) {
  const { story } = words.value;
  const [chosen, choose] = useState<number | null>(null);
  return (
    <div class="beat predict">
      <h3>{story.predict}</h3>
      <p>{question}</p>
      <ul class="answers">
        {answers.map((answer, i) => (
          <li key={answer}>
            <button
              type="button"
              class={`button answer ${chosen === null || i !== chosen ? '' : i === right ? 'right' : 'wrong'}`}
              aria-pressed={chosen === i}
              onClick={() => choose(i)}
            >
              {answer}
            </button>
          </li>
        ))}
      </ul>
      <p role="status">
        {chosen !== null && (
          <>
            <b class={chosen === right ? 'good' : 'bad'}>{chosen === right ? story.right : story.wrong}</b>{' '}
            {chosen === right ? because : story.look}
          </>
        )}
      </p>
      <Go />
    </div>
  );
}

function Challenge({ task, hint, praise }: PresetWords['challenge']) {
  const { story } = words.value;
  const met = run.value?.met === true && run.value.input.preset === input.value.preset;
  return (
    <div class={met ? 'beat challenge met' : 'beat challenge'}>
      <h3>{story.challenge}</h3>
      <p>{task}</p>
      <p role="status">
        {met && (
          <>
            <b class="good">{story.met}</b> {praise}
          </>
        )}
      </p>
      {!met && (
        <details class="small">
          <summary>{story.hint}</summary>
          <p>{hint}</p>
        </details>
      )}
    </div>
  );
}

/** The first thing to press. */
function Go() {
  const { story } = words.value;
  if (playing.value || steps.value.length === 0) return null;
  const over = cursor.value === steps.value.length;
  return (
    <button
      type="button"
      class="button primary go"
      onClick={() => {
        if (over) cursor.value = 0;
        playing.value = true;
      }}
    >
      {over ? story.again : cursor.value === 0 ? story.run : story.goOn}
    </button>
  );
}
