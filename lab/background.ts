/** Owns: the background worker's side of the page: searches of the gallery, captures. Which of them a message is for it says. */

import { serve as serveCapture } from './capture/worker.ts';
import { entries, serve as serveGallery } from './gallery/worker.ts';
import type { Report, Task } from './ui/background.ts';

/** Answers messages from now on. @param tell posts an answer */
export function begin(tell: (report: Report) => void): (task: Task) => void {
  tell({ gallery: { entries } });
  return ({ gallery, capture }) => {
    if (gallery !== undefined) serveGallery(gallery, (answer) => tell({ gallery: answer }));
    if (capture !== undefined) void serveCapture(capture, (answer) => tell({ capture: answer }));
  };
}
