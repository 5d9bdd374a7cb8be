/** Owns: what has happened, step by step, in sentences: the last one first. */

import { useSignal } from '@preact/signals';
import { more } from '../../words/index.ts';
import { sentences } from '../explained.ts';
import { moveTo, noted, steps } from '../store.ts';
import { duration, figure, Rfc } from './shared.tsx';

/** Steps that are shown before more are asked for. */
const FEW = 20;

export function Explanations() {
  const { explain: text } = more.value;
  const most = useSignal(FEW);
  const all = useSignal(false);
  const count = noted.count.value;
  if (count === 0) return <p class="faint">{text.none}</p>;
  const from = Math.max(0, count - most.value);
  const shown = steps.value.slice(from, count).reverse();
  return (
    <>
      <label class="tab-options small">
        <span>
          <input
            type="checkbox"
            checked={all.value}
            onChange={({ currentTarget }) => {
              all.value = currentTarget.checked;
            }}
          />{' '}
          {text.all}
        </span>
      </label>
      <ol class="told-steps">
        {shown.map((step, i) => {
          const said = sentences(step.first, step.count).filter(({ minor }) => all.value || !minor);
          if (said.length === 0) return null;
          return (
            <li key={step.first} aria-current={i === 0 ? 'step' : undefined}>
              <button
                type="button"
                class="button quiet mono small"
                aria-label={text.at(duration(step.time))}
                onClick={() => moveTo(count - i)}
              >
                {duration(step.time)}
              </button>
              <div>
                {said.map(({ text: sentence, rfc, minor }, at) => (
                  <p key={at} class={minor ? 'minor small' : ''}>
                    {step.host !== null && at === 0 && <i class={`lane lane-${step.host}`}>{step.host}</i>}
                    {sentence}{' '}
                    {rfc.map((section) => (
                      <Rfc key={section} of={section} />
                    ))}
                  </p>
                ))}
              </div>
            </li>
          );
        })}
      </ol>
      {from > 0 && (
        <button
          type="button"
          class="button"
          onClick={() => {
            most.value += 10 * FEW;
          }}
        >
          {text.earlier(figure(from))}
        </button>
      )}
    </>
  );
}
