/** Owns: what is fetched after the first picture, as one part: see `later.ts`. */

import '../styles/later.css';
import { startBackground } from '../background.ts';
import { beginCapture } from '../capture.ts';
import { acceptDrops } from '../drop.ts';
import { speakSteps } from '../explained.ts';
import { beginGallery } from '../gallery.ts';

export { Dialogs } from '../help.tsx';
export { Capture } from './capture.tsx';
export { DropZone } from './drop-zone.tsx';
export { Exports } from './exports.tsx';
export { Gallery } from './gallery.tsx';
export { HostDetails } from './host-details.tsx';
export { Share } from './share.tsx';
export { Tabs } from './tabs.tsx';

/** @returns fulfilled when the background worker is there with all that it needs */
export async function begin(): Promise<void> {
  speakSteps();
  beginGallery();
  beginCapture();
  acceptDrops();
  await startBackground();
}
