/** Owns: a run as a file: made when it is asked for, and saved under the name of its preset. */

import { ladderSvg } from 'tsyn/trace';
import type { Run } from '../engine/types.ts';
import { tales, words } from '../words/index.ts';
import { notice } from './notice.ts';
import { language, run } from './store.ts';

/** How many pixels a picture's unit has in each direction. */
const SCALE = 2;

export const FORMATS = ['svg', 'png', 'json'] as const;
export type Format = (typeof FORMATS)[number];

type Maker = (run: Run) => Promise<Blob>;

const text = (content: string, type: string): Blob => new Blob([content], { type });

const MAKERS: Readonly<Record<Format, Maker>> = {
  svg: async (of) => text(picture(of), 'image/svg+xml'),
  png: (of) => raster(picture(of)),
  json: async (of) => text((await import('../engine/exports/json.ts')).toJson(of, 2), 'application/json'),
};

/** Saves the run that is shown, as a whole. What goes wrong becomes a notice. */
export async function save(format: Format): Promise<void> {
  const of = run.value;
  if (of === null) return;
  try {
    download(await MAKERS[format](of), `${of.input.preset}.${format}`);
  } catch (error) {
    notice.value = words.value.bar.failed(error instanceof Error ? error.message : String(error));
  }
}

function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** The ladder of a run as a picture that stands alone. */
export function picture({ events, lanes, input }: Run): string {
  const { title = input.preset, story = [] } = tales.value[input.preset] ?? {};
  return ladderSvg(events, {
    left: lanes[0]!,
    right: lanes[1]!,
    lang: language.value,
    title,
    description: story.join(' '),
  });
}

/** A picture in pixels. */
async function raster(svg: string): Promise<Blob> {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = image.naturalWidth * SCALE;
    canvas.height = image.naturalHeight * SCALE;
    canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) => {
      canvas.toBlob((blob) => (blob === null ? reject(new Error('the picture is too large')) : resolve(blob)));
    });
  } finally {
    URL.revokeObjectURL(image.src);
  }
}
