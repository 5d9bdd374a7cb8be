/** Owns: a run as a file: made when it is asked for, and saved under the name of its preset. */

import { ladderSvg } from 'tsyn/trace';
import { toDrill } from '../engine/exports/drill.ts';
import { toJson } from '../engine/exports/json.ts';
import { toMermaid } from '../engine/exports/mermaid.ts';
import { toPcapng } from '../engine/exports/pcapng.ts';
import type { HostName, Run } from '../engine/types.ts';
import { tales, words } from '../words/index.ts';
import { notice } from './notice.ts';
import { language, run } from './store.ts';

/** How many pixels a picture's unit has in each direction; fewer where a picture would be larger than browsers draw. */
const SCALE = 2;
const MOST_PIXELS = 16_000;

export const FORMATS = ['svg', 'png', 'pcapng', 'pkt', 'mmd', 'json'] as const;
export type Format = (typeof FORMATS)[number];

const text = (content: string, type: string): Blob => new Blob([content], { type });

const MAKERS: Readonly<Record<Format, (run: Run) => Blob | Promise<Blob>>> = {
  svg: (of) => text(picture(of), 'image/svg+xml'),
  png: (of) => raster(picture(of)),
  pcapng: (of) => new Blob([toPcapng(of) as Uint8Array<ArrayBuffer>], { type: 'application/x-pcapng' }),
  pkt: (of) => text(toDrill(of, scriptHost(of)), 'text/plain'),
  mmd: (of) => text(toMermaid(of), 'text/vnd.mermaid'),
  json: (of) => text(toJson(of, 2), 'application/json'),
};

/** The host that a script is about, where nobody says: the server. */
export function scriptHost({ lanes }: Run): HostName {
  return lanes.includes('B') ? 'B' : lanes[0]!;
}

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
function picture({ events, lanes, input }: Run): string {
  const { title = input.preset, story = [] } = tales.value[input.preset] ?? {};
  const [left, ...others] = lanes;
  return ladderSvg(events, {
    left: left!,
    right: others.at(-1)!,
    between: others.slice(0, -1),
    lang: language.value,
    title,
    description: story.join(' '),
  });
}

/** A picture in pixels. */
async function raster(svg: string): Promise<Blob> {
  const image = new Image();
  image.src = URL.createObjectURL(text(svg, 'image/svg+xml'));
  try {
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image;
    const scale = Math.min(SCALE, MOST_PIXELS / Math.max(width, height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) => {
      canvas.toBlob((blob) => (blob === null ? reject(new Error('the picture is too large')) : resolve(blob)));
    });
  } finally {
    URL.revokeObjectURL(image.src);
  }
}
