/** Owns: a button that puts a text on the clipboard and says so. */

import { useState } from 'preact/hooks';
import { words } from '../../words/index.ts';

export function Copy({ text }: { readonly text: string }) {
  const { bar } = words.value;
  const [copied, setCopied] = useState('');
  return (
    <button
      type="button"
      class="button"
      onClick={async () => {
        // Where the clipboard is not allowed the text can be selected by hand: it is on the page.
        await navigator.clipboard?.writeText(text).then(
          () => setCopied(text),
          () => {},
        );
      }}
    >
      <span role="status">{copied === text && text !== '' ? bar.copied : bar.copy}</span>
    </button>
  );
}
