/**
 * Owns: what all pictures in SVG have in common: the document with its title and description, text that XML takes, colours for
 * light and dark, shapes. Leaves to others: what is drawn.
 *
 * A picture has no script and loads nothing. It is light or dark as its reader prefers; a page that has it inline may set the
 * properties `--picture-ink`, `-paper`, `-faint`, `-line`, `-raised`, `-accent`, `-alarm`, `-alarm-tint`, `-note`, and those of kinds
 * of segments, `-syn`, `-data`, `-ack`, `-fin`, `-rst`.
 */

/** What a picture is called, and what it shows in a sentence or two, for those who cannot see it. */
export interface PictureWords {
  readonly title?: string;
  readonly description?: string;
}

/** Of the type that pictures are set in, and the width of a column of it where it is monospaced. */
export const FONT = 12;
export const CHARACTER = 7.2;

interface Document {
  /** Besides `tsyn-picture`, which has the colours. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly description?: string | undefined;
  /** Rules for what is inside `.name`. */
  readonly style: string;
}

/** A whole document, without an XML declaration, to be put into a file or into a page. */
export function svgDocument(document: Document, parts: readonly string[]): string {
  const { name, title, description, style } = document;
  const [width, height] = [Math.ceil(document.width), Math.ceil(document.height)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="tsyn-picture ${name}" role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-size="${FONT}">`,
    `<title>${escaped(title)}</title>`,
    ...(description === undefined ? [] : [`<desc>${escaped(description)}</desc>`]),
    `<style>${COLOURS}${style}</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

/** Each colour's name, on light paper and on dark. */
const THEMES: readonly (readonly [name: string, light: string, dark: string])[] = [
  ['ink', '#17202b', '#e7ebf0'],
  ['paper', '#ffffff', '#151b23'],
  ['faint', '#566272', '#9ca8b7'],
  ['line', '#c9d0d8', '#384452'],
  ['raised', '#eef1f4', '#1f2731'],
  ['accent', '#13663a', '#6fdc9b'],
  ['tint', '#dcefe3', '#1c3a29'],
  ['alarm', '#b3222e', '#ff8d8d'],
  ['alarm-tint', '#f8dfe1', '#3b2024'],
  ['note', '#fbf1dc', '#33290f'],
  ['syn', '#6a3cc0', '#bda4ff'],
  ['data', '#1759b5', '#82b6ff'],
  ['ack', '#566272', '#9ca8b7'],
  ['fin', '#8f5200', '#f2b866'],
  ['rst', '#b3222e', '#ff8d8d'],
];

function colours(theme: 1 | 2): string {
  const rules = THEMES.map((row) => `--${row[0]}:var(--picture-${row[0]},${row[theme]})`);
  return `.tsyn-picture{${rules.join(';')}}`;
}

const COLOURS = [
  colours(1),
  `@media(prefers-color-scheme:dark){${colours(2)}}`,
  '.tsyn-picture{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono","Noto Sans Mono CJK SC",monospace}',
  '.tsyn-picture text{fill:var(--ink);white-space:pre}.tsyn-picture .paper{fill:var(--paper)}',
  '.tsyn-picture .faint{fill:var(--faint)}.tsyn-picture .bold{font-weight:bold}',
  '.tsyn-picture .small{font-size:11px}.tsyn-picture .middle{text-anchor:middle}.tsyn-picture .end{text-anchor:end}',
].join('');

/** Text as it may stand in XML: characters that XML has no place for are left out. */
export function escaped(text: string): string {
  const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return [...text]
    .filter((character) => character >= ' ' || character === '\n' || character === '\t')
    .join('')
    .replace(/[&<>"]/g, (character) => named[character]!);
}

/** To a tenth: what nobody sees is not written. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

export function point(x: number, y: number): string {
  return `${round(x)} ${round(y)}`;
}

/** A text at a place; nothing where it is empty. @param names classes, which say from where it runs: `middle`, `end` */
export function textAt(x: number, y: number, text: string, names: string): string {
  if (text === '') return '';
  return `<text class="${names}" x="${round(x)}" y="${round(y)}">${escaped(text)}</text>`;
}

/** The direction from one point to another, of length 1. */
export function direction(x1: number, y1: number, x2: number, y2: number): { readonly x: number; readonly y: number } {
  const [x, y] = [x2 - x1, y2 - y1];
  const length = Math.sqrt(x * x + y * y);
  return length === 0 ? { x: 1, y: 0 } : { x: x / length, y: y / length };
}

/** The path of an arrow's head, its tip at a point: filled where it is closed with `z`. */
export function headPath(x: number, y: number, way: { readonly x: number; readonly y: number }, size: number): string {
  const [bx, by] = [x - way.x * size, y - way.y * size];
  const [wx, wy] = [-way.y * size * 0.45, way.x * size * 0.45];
  return `M${point(bx + wx, by + wy)}L${point(x, y)}L${point(bx - wx, by - wy)}`;
}
