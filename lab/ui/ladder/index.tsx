/**
 * Owns: the ladder's region: what scrolls and how it follows the reader, the heads of its lanes, and what stands around it.
 * Leaves to others: the picture (`picture.tsx`), its gestures (`../faults/drag.ts`).
 */

import { computed, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { words } from '../../words/index.ts';
import { Icon, IconButton, Popover } from '../controls.tsx';
import { askPartition, crash } from '../faults/actions.ts';
import { dragged } from '../faults/drag.ts';
import { Edits, Shelf } from '../faults/lists.tsx';
import { Actions, Menu } from '../faults/menu.tsx';
import { forward, run, views } from '../store.ts';
import { toggle } from '../transport/play.ts';
import { geometry, width } from './geometry.ts';
import { Picture } from './picture.tsx';
import { bottom, headY, top, wanted } from './scroll.ts';

/** A state to each lane: what its newest connection is in. */
const states = computed(() => {
  const found = new Map<string, string>();
  for (const [host, view] of Object.entries(views.value)) found.set(host, view?.connections.at(-1)?.state ?? 'CLOSED');
  return found;
});

const started = computed(() => headY.value > 0);

export function Ladder() {
  return (
    <>
      <Lanes />
      <View />
      <Actions />
      <Edits />
      <Shelf />
      <Menu />
    </>
  );
}

/** The heads of the lanes, with what can be done to a host. */
function Lanes() {
  const { ladder, faults } = words.value;
  const { layout } = geometry.value;
  return (
    <div class="lanes">
      <span class="lanes-time faint" style={{ width: `${layout?.clock ?? 40}px` }}>
        {ladder.time}
      </span>
      {layout?.lanes.map(({ host, x }) => (
        <div key={host} class="lane-head" style={{ left: `${x}px` }}>
          <Popover
            class="quiet lane-button"
            label={ladder.hostMenu(host)}
            face={
              <>
                <b>{host}</b>
                <span class="lane-state">{states.value.get(host) ?? 'CLOSED'}</span>
              </>
            }
          >
            <HostActions host={host as 'A'} crash={faults.crash(host as 'A')} cut={faults.partition(host as 'A')} />
          </Popover>
        </div>
      ))}
    </div>
  );
}

function HostActions({ host, crash: first, cut }: { host: 'A' | 'B' | 'C'; crash: string; cut: string }) {
  const then = (action: () => void) => (event: Event) => {
    (event.currentTarget as HTMLElement).closest<HTMLElement>('[popover]')?.hidePopover();
    action();
  };
  return (
    <div class="menu">
      <button type="button" data-action="crash" onClick={then(() => crash(host))}>
        {first}
      </button>
      <button type="button" data-action="partition" onClick={then(() => askPartition(host))}>
        {cut}
      </button>
    </div>
  );
}

/** How far ahead of the lower edge what happens is kept, as a share of the height. */
const AHEAD = 0.3;

function View() {
  const view = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = view.current!;
    const measure = new ResizeObserver(() => {
      width.value = box.clientWidth;
      bottom.value = top.value + box.clientHeight;
    });
    measure.observe(box);
    return () => measure.disconnect();
  }, []);
  // What happens last stays in sight.
  useSignalEffect(() => {
    const y = headY.value;
    // Not asked of the box: that would lay the page out again.
    const [from, until] = [top.peek(), bottom.peek()];
    const lowest = until - (until - from) * AHEAD;
    if (y > lowest) view.current!.scrollTop = from + y - lowest;
    else if (y < from + 24) view.current!.scrollTop = y - (until - from) * AHEAD;
  });
  // And so does what is asked for.
  useSignalEffect(() => {
    const { value: want } = wanted;
    if (want === null) return;
    const [from, until] = [top.peek(), bottom.peek()];
    if (want.top < from + 20) view.current!.scrollTop = want.top - 40;
    else if (want.bottom > until - 20) view.current!.scrollTop = want.bottom - (until - from) + 40;
  });
  const { layout } = geometry.value;
  return (
    <div
      ref={view}
      class={`ladder-view${dragged.value === null ? '' : ' dragging'}`}
      onScroll={({ currentTarget }) => {
        const height = bottom.value - top.value;
        top.value = currentTarget.scrollTop;
        bottom.value = top.value + height;
      }}
    >
      <div class="ladder-height" style={{ height: `${layout?.height ?? 0}px` }}>
        <Picture />
      </div>
      {!started.value && <Begin />}
      {dragged.value !== null && dragged.value.kind !== 'partition' && <Bin />}
    </div>
  );
}

/** What there is to do at the beginning, when the ladder is empty. */
function Begin() {
  const { ladder } = words.value;
  if (run.value === null) return null;
  return (
    <div class="begin">
      <p>{ladder.empty}</p>
      <div class="begin-buttons">
        <IconButton wordy primary icon="play" label={ladder.run} onClick={toggle} />
        <button type="button" class="button" onClick={forward}>
          <Icon name="step" />
          {ladder.step}
        </button>
      </div>
    </div>
  );
}

function Bin() {
  const { kind } = dragged.value!;
  return (
    <div class={`bin${kind === 'lose' ? ' over' : ''}`} data-bin>
      <Icon name="bin" />
      {words.value.faults.bin}
    </div>
  );
}
