/**
 * Owns: colour on a terminal, and whether there is any: NO_COLOR and FORCE_COLOR are obeyed, otherwise a terminal gets
 * colour and everything else does not.
 */

import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Puts text into a style, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

export const plain: Paint = (_style, text) => text;
const coloured: Paint = (style, text) => {
  // Asked for explicitly: which streams Node itself thinks fit for colour differs between its versions.
  return styleText(style, text, { validateStream: false } as never);
};

/** What is to be used for a stream: coloured where it is a terminal. See https://no-color.org. */
export function paintFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  const { NO_COLOR, FORCE_COLOR, TERM } = env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return plain;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR === '0' ? plain : coloured;
  return stream.isTTY === true && TERM !== 'dumb' ? coloured : plain;
}
