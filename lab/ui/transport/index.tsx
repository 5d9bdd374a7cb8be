/** Owns: the bar that moves the reader through a run. */

import { words } from '../../words/index.ts';
import { Icon, IconButton, Popover } from '../controls.tsx';
import { clock } from '../ladder/text.ts';
import {
  type Breakpoint,
  back,
  breakpoints,
  cursor,
  foresight,
  forward,
  moveTo,
  now,
  playing,
  run,
  speed,
  steps,
  toEnd,
  toStart,
} from '../store.ts';
import { toggle, toNext } from './play.ts';

const SPEEDS = [0.5, 1, 2, 5, 20, 100];
const BREAKPOINTS: readonly Breakpoint[] = ['state', 'lost', 'retransmission', 'timer', 'reset'];

export function Transport() {
  const { transport: bar } = words.value;
  const length = steps.value.length;
  const first = cursor.value === 0;
  const last = cursor.value >= length;
  return (
    <div class="transport-row">
      <div class="transport-buttons">
        <IconButton icon="start" label={bar.start} keys="Home" disabled={first} onClick={toStart} />
        <IconButton icon="back" label={bar.back} keys="," disabled={first} onClick={back} />
        <button
          type="button"
          class={`button play ${playing.value ? '' : 'primary'}`}
          aria-keyshortcuts="Space"
          title={`${bar.play} (Space)`}
          onClick={toggle}
        >
          <Icon name={playing.value ? 'pause' : 'play'} />
          {playing.value ? bar.pause : last && length > 0 ? bar.again : bar.play}
        </button>
        <button
          type="button"
          class="button"
          aria-keyshortcuts="."
          title={`${bar.step} (.)`}
          disabled={last}
          onClick={() => {
            playing.value = false;
            forward();
          }}
        >
          <Icon name="step" />
          {bar.step}
        </button>
        <IconButton icon="next" label={bar.next} keys="n" disabled={last} onClick={toNext} />
        <IconButton icon="end" label={bar.end} keys="End" disabled={last} onClick={toEnd} />
      </div>
      <input
        class="transport-slider"
        type="range"
        min={0}
        max={length}
        value={cursor.value}
        aria-label={bar.slider}
        aria-valuetext={bar.position(cursor.value, length, clock(now.value))}
        onInput={(event) => {
          playing.value = false;
          moveTo(event.currentTarget.valueAsNumber);
        }}
      />
      <output class="transport-time mono" title={bar.time}>
        {clock(now.value)} <span class="faint">/ {clock(run.value?.end ?? 0)} ms</span>
      </output>
      <Popover face={<Pace />} label={bar.settings}>
        <Settings />
      </Popover>
    </div>
  );
}

function Pace() {
  return (
    <>
      {speed.value}×{breakpoints.value.size > 0 && <Icon name="flag" />}
    </>
  );
}

function Settings() {
  const { transport: bar } = words.value;
  return (
    <div class="transport-settings">
      <h3>{bar.speed}</h3>
      <div class="transport-speeds">
        {SPEEDS.map((one) => (
          <button
            key={one}
            type="button"
            class="button"
            aria-pressed={speed.value === one}
            onClick={() => {
              speed.value = one;
            }}
          >
            {one}×
          </button>
        ))}
      </div>
      <h3>{bar.halt}</h3>
      {BREAKPOINTS.map((one) => (
        <label key={one} class="check">
          <input
            type="checkbox"
            checked={breakpoints.value.has(one)}
            onChange={(event) => {
              const next = new Set(breakpoints.value);
              if (event.currentTarget.checked) next.add(one);
              else next.delete(one);
              breakpoints.value = next;
            }}
          />
          {bar.breakpoints[one]}
        </label>
      ))}
      <h3>{bar.view}</h3>
      <label class="check">
        <input
          type="checkbox"
          checked={foresight.value}
          onChange={(event) => {
            foresight.value = event.currentTarget.checked;
          }}
        />
        {bar.foresight}
      </label>
    </div>
  );
}
