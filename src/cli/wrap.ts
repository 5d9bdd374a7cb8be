/** Owns: paragraphs in columns, where Chinese characters take two and a line may break between any two of them. */

import { displayWidth } from '../trace/index.ts';

/** What may not begin a line, and what may not end one. */
const NEVER_FIRST = /^[、，。；：？！）】》”’…—%)\].,;:!?]/;
const NEVER_LAST = /[（【《“‘([]$/;
/** A run of narrow characters, a wide one, or a space. */
const PIECES =
  /[\u2e80-\u303f\u3040-\u9fff\uf900-\ufaff\uff00-\uffef“”‘’…—]|[^\s\u2e80-\u303f\u3040-\u9fff\uf900-\ufaff\uff00-\uffef“”‘’…—]+|\s+/gu;

/** Breaks `text` into lines of at most `width` columns; a word longer than that stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const piece of unbreakable(text)) {
    if (line !== '' && displayWidth(line + piece.trimEnd()) > width) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += line === '' ? piece.trimStart() : piece;
  }
  if (line.trim() !== '') lines.push(line.trimEnd());
  return lines;
}

/** The pieces between which a line may break. */
function unbreakable(text: string): string[] {
  const pieces: string[] = [];
  for (const piece of text.match(PIECES) ?? []) {
    const last = pieces.at(-1);
    const glued = last !== undefined && !/\s$/.test(last) && (NEVER_FIRST.test(piece) || NEVER_LAST.test(last));
    if (glued || (last !== undefined && /^\s+$/.test(piece))) pieces[pieces.length - 1] += piece;
    else pieces.push(piece);
  }
  return pieces;
}
