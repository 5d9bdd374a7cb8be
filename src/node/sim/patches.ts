/**
 * Owns: what of Node is replaced while there is a simulation, and for how long. Everything that stands in the place of something of Node's
 * asks where the code is that calls it (`place.ts`), and outside of any simulation does what Node does.
 *
 * The runtime's own objects are changed, not a loader's view of them, so that `import`, `require` and Node's own modules see the same.
 */

import { syncBuiltinESMExports } from 'node:module';
import { patchClock } from './patch-clock.ts';
import { patchFailures } from './patch-failures.ts';
import { patchHttp } from './patch-http.ts';
import { patchNames } from './patch-names.ts';
import { patchNet } from './patch-net.ts';
import { patchRandomness } from './patch-randomness.ts';
import { patchTimers } from './patch-timers.ts';
import { Patcher } from './patcher.ts';

const PATCHER = new Patcher();
/** How many want it to be so. */
let wanted = 0;

export function install(): void {
  if (wanted++ > 0) return;
  for (const patch of [patchTimers, patchClock, patchNames, patchNet, patchHttp, patchRandomness, patchFailures])
    patch(PATCHER);
  syncBuiltinESMExports();
}

/** Once for every `install`. */
export function uninstall(): void {
  if (--wanted > 0) return;
  PATCHER.restore();
  syncBuiltinESMExports();
}
