/** Owns: the link to the run that is shown, to be copied. */

import { words } from '../../words/index.ts';
import { Dialog } from '../dialogs.tsx';
import { address } from '../link.ts';
import { Copy } from './copy.tsx';

export function Share() {
  const { bar } = words.value;
  return (
    <Dialog title={bar.share}>
      <div class="share">
        <label class="small">
          {bar.shareLink}
          <input
            class="field mono"
            type="text"
            readOnly
            value={address.value}
            onFocus={({ currentTarget }) => currentTarget.select()}
          />
        </label>
        <Copy text={address.value} />
      </div>
    </Dialog>
  );
}
