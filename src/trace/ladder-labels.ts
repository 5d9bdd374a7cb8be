/**
 * Owns: where the texts of a ladder's arrows stand: along their arrows, and never one over another. Leaves to others: the arrows
 * (`ladder-layout.ts`), how texts look.
 */

import { clip, displayWidth } from './text.ts';

/** A straight line that is to bear a text, or a strip that none may touch. */
export interface Bearer {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** A text that stands along a line: where its middle is on the line, how the line is turned (`matrix(cos sin -sin cos x y)`), its width. */
export interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly cos: number;
  readonly sin: number;
  readonly width: number;
}

/** A text and its shorter forms, the longest first. */
export interface Wanted {
  /** Where the line begins stands a sign as long as this, besides the usual. */
  readonly sign: number;
  readonly line: Bearer;
  readonly forms: readonly string[];
  /** Shortened to the room there is when none of the forms fits. */
  readonly clipped: string;
  /** Another arrow crosses it about its middle: columns that are left to that one's text, at the receiver's side. Else null. */
  readonly crossed: number | null;
}

/** Height that a text takes above its line, and what it keeps from the lanes. */
export const LABEL_HEIGHT = 14;
const CLEAR = 14;
/** A text cut to less than this says nothing. */
const FEWEST = 6;

/** What a label covers: x from `left` to `right`, between the line and LABEL_HEIGHT above it. */
interface Strip {
  readonly left: number;
  readonly right: number;
  /** Of the line, at `left`, and how it falls for each x. */
  readonly y: number;
  readonly slope: number;
  readonly cosine: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * Places texts one by one, from top to bottom. Where the whole text has no room its shorter forms are tried, and where none
 * has, it has no label.
 */
export class LabelPlacer {
  readonly #character: number;
  readonly #placed: Strip[] = [];

  /** @param character width of a column of text */
  constructor(character: number) {
    this.#character = character;
  }

  /** Nothing is written between these heights and edges. Say it before labels that are lower. */
  block(left: number, right: number, top: number, bottom: number): void {
    const strip = (y: number): Strip => ({ left, right, y, slope: 0, cosine: 1, top: y - LABEL_HEIGHT, bottom: y });
    for (let y = Math.min(top + LABEL_HEIGHT, bottom); y < bottom; y += LABEL_HEIGHT) this.#placed.push(strip(y));
    this.#placed.push(strip(bottom));
  }

  /** @param line from left to right or right to left: from the sender on */
  place({ line, forms, clipped, sign, crossed }: Wanted): Label | null {
    this.#forget(Math.min(line.y1, line.y2) - LABEL_HEIGHT);
    const length = Math.sqrt((line.x2 - line.x1) * (line.x2 - line.x1) + (line.y2 - line.y1) * (line.y2 - line.y1));
    const room = length - 2 * CLEAR - sign - (crossed === null ? 0 : crossed * this.#character + CLEAR);
    for (const form of [...forms, cut(clipped, Math.floor(room / this.#character))]) {
      const width = displayWidth(form) * this.#character;
      if (form === '' || width > room) continue;
      const side = (CLEAR + sign + width / 2) / length;
      const far = 1 - (CLEAR + width / 2) / length;
      const middle = Math.max(0.5, side);
      for (const share of crossed === null ? [middle, side, far] : [side, middle, far]) {
        const strip = stripOf(line, share, width, length);
        if (!this.#isFree(strip)) continue;
        this.#placed.push(strip);
        return labelOf(line, share, width, length, form);
      }
    }
    return null;
  }

  #isFree(strip: Strip): boolean {
    for (const other of this.#placed) {
      if (other.top < strip.bottom && strip.top < other.bottom && touches(strip, other)) return false;
    }
    return true;
  }

  /** What is above a height is in nobody's way any more. */
  #forget(top: number): void {
    let kept = 0;
    for (const strip of this.#placed) if (strip.bottom > top) this.#placed[kept++] = strip;
    this.#placed.length = kept;
  }
}

function cut(text: string, columns: number): string {
  return columns < FEWEST ? '' : clip(text, columns);
}

function labelOf(line: Bearer, share: number, width: number, length: number, text: string): Label {
  const [x, y] = [line.x2 - line.x1, line.y2 - line.y1];
  // Read from left to right, whatever the way of the arrow.
  const way = x < 0 ? -1 : 1;
  return {
    text,
    x: line.x1 + x * share,
    y: line.y1 + y * share,
    cos: (way * x) / length,
    sin: (way * y) / length,
    width,
  };
}

function stripOf(line: Bearer, share: number, width: number, length: number): Strip {
  const slope = (line.y2 - line.y1) / (line.x2 - line.x1);
  const cosine = Math.abs(line.x2 - line.x1) / length;
  const middle = line.x1 + (line.x2 - line.x1) * share;
  // A slanted text reaches beyond its ends by the slant of its height.
  const half = (width / 2) * cosine;
  const beyond = LABEL_HEIGHT * Math.abs(slope) * cosine;
  const [left, right] = [middle - half - beyond, middle + half + beyond];
  const y = line.y1 + slope * (left - line.x1);
  const end = y + slope * (right - left);
  // Straight up from the line: the text's height, and more the more it is turned.
  return { left, right, y, slope, cosine, top: Math.min(y, end) - LABEL_HEIGHT / cosine, bottom: Math.max(y, end) };
}

function touches(a: Strip, b: Strip): boolean {
  const left = Math.max(a.left, b.left);
  const right = Math.min(a.right, b.right);
  if (left >= right) return false;
  const apart = (x: number): number => a.y + a.slope * (x - a.left) - (b.y + b.slope * (x - b.left));
  const [first, second] = [apart(left), apart(right)];
  if (first > 0 !== second > 0) return true;
  return Math.min(Math.abs(first), Math.abs(second)) * Math.min(a.cosine, b.cosine) < LABEL_HEIGHT - 0.01;
}
