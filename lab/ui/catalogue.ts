/** Owns: which presets there are. The worker, which has them, says so as soon as it is there. */

import { type Signal, signal } from '@preact/signals';
import type { HostName, Settings } from '../engine/types.ts';

export interface Listed {
  readonly id: string;
  readonly group: string;
  readonly lanes: readonly HostName[];
  /** Sections that it is about, as `RFC 9293 3.5`. */
  readonly rfc: readonly string[];
  /** Settings that are worth changing in it. */
  readonly toggles: readonly (keyof Settings)[];
}

/** In the order in which they are offered: a group's presets are together. */
export const catalogue: Signal<readonly Listed[]> = signal([]);
