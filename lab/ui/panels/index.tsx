/**
 * Owns: one component for each region of the frame that is not the ladder's or the transport's:
 *
 * - `Bar`: in the page's head: its parts, preset, seed, settings, language, theme, share, export
 * - `Story`: what the preset is about, its question and its challenge
 * - `Host`: one host: state diagram, TCB, queues, timers, its application's buttons
 * - `Tabs`: below the ladder: segments, octets, graphs, explanations, script
 * - `Overlays`: what lies over the page at times: dialogs, notices, what a file is dropped on
 * - `Gallery`, `Capture`: the stage of the other two parts of the page (`view.ts`)
 *
 * Those that the first picture does without come later (`later.ts`).
 */

import { later } from '../later.ts';

export { Bar } from './bar.tsx';
export { Host } from './host.tsx';
export { Overlays } from './overlays.tsx';
export { Story } from './story.tsx';

export function Tabs() {
  return later.value && <later.value.Tabs />;
}

export function Gallery() {
  return later.value && <later.value.Gallery />;
}

export function Capture() {
  return later.value && <later.value.Capture />;
}
