/** Owns: the engine's side of the page: it says which presets there are; inputs come in as messages, runs go back, in order. */

import { run } from './engine/run.ts';
import type { Input, Run } from './engine/types.ts';
import { PRESETS } from './presets/index.ts';
import type { Listed } from './ui/catalogue.ts';

/** `id` is the asker's, and comes back. */
export interface Question {
  readonly id: number;
  readonly input: Input;
}

export type Answer =
  | { readonly id: number; readonly run: Run }
  /** An input that makes no sense, or a defect of ours. */
  | { readonly id: number; readonly error: string }
  | { readonly presets: readonly Listed[] };

const port = globalThis as unknown as {
  onmessage: ((event: MessageEvent<Question>) => void) | null;
  postMessage(answer: Answer): void;
};

port.onmessage = ({ data: { id, input } }) => {
  try {
    port.postMessage({ id, run: run(input) });
  } catch (error) {
    port.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
};

port.postMessage({
  presets: PRESETS.map(({ id, group, lanes, rfc, toggles }) => ({ id, group, lanes, rfc, toggles })),
});
