/** Owns: one component for each region of the frame that is not the ladder's or the transport's. */

import type { HostName } from '../../engine/types.ts';

/** In the page's head: preset, seed, settings, language, theme, share, export. */
export function Bar() {
  return null;
}

/** What the preset is about, its question and its challenge. */
export function Story() {
  return null;
}

/** One host: state diagram, TCB, queues, timers, its application's buttons. */
export function Host({ host }: { readonly host: HostName }) {
  return <h2>{host}</h2>;
}

/** Below the ladder: segments, octets, graphs, explanations, script. */
export function Tabs() {
  return null;
}

/** What lies over the page at times: dialogs, notices, what a file is dropped on. */
export function Overlays() {
  return null;
}
