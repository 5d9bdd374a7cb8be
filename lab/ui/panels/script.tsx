/** Owns: the run as a packetdrill script, to be read, copied, and played by `tsyn drill`. */

import { useMemo, useState } from 'preact/hooks';
import { toDrill } from '../../engine/exports/drill.ts';
import type { HostName } from '../../engine/types.ts';
import { more } from '../../words/index.ts';
import { scriptHost } from '../export.ts';
import { run } from '../store.ts';
import { Copy } from './copy.tsx';

export function Script() {
  const { script: text } = more.value;
  const [chosen, choose] = useState<HostName | null>(null);
  const of = run.value;
  const host = of === null ? 'B' : (chosen ?? scriptHost(of));
  const script = useMemo(() => written(host), [of, host]);
  return (
    <>
      <p class="small">{text.about}</p>
      <div class="tab-options small">
        <label>
          {text.host}{' '}
          <select class="field" onChange={({ currentTarget }) => choose(currentTarget.value as HostName)}>
            {(['A', 'B'] as const).map((one) => (
              <option key={one} value={one} selected={one === host}>
                {one}
              </option>
            ))}
          </select>
        </label>
        <Copy text={script} />
      </div>
      <pre>{script}</pre>
    </>
  );
}

/** A run of which there can be no script says why. */
function written(host: HostName): string {
  if (run.value === null) return '';
  try {
    return toDrill(run.value, host);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
