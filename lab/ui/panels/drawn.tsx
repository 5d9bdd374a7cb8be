/** Owns: a picture from the package on the page, in the page's colours; where it is wider than its place it is scrolled. */

interface Props {
  /** Our own SVG: texts in it are escaped. */
  readonly svg: string;
  readonly label: string;
}

export function Drawn({ svg, label }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
    <div class="drawn" role="group" aria-label={label} tabIndex={0} dangerouslySetInnerHTML={{ __html: svg }} />
  );
}
