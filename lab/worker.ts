/**
 * Owns: the workers' side of the page. The engine's says which presets there are; inputs come in as messages, runs go back, in
 * order. The one whose name is `background` is the same program with other parts of it (`background.ts`), so that they share the TCP.
 */

import { run } from './engine/run.ts';
import type { Input, Run } from './engine/types.ts';
import { PRESETS } from './presets/index.ts';
import type { Report, Task } from './ui/background.ts';
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
  readonly name: string;
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(answer: Answer | Report): void;
};

function runEngine(): void {
  port.onmessage = ({ data: { id, input } }: MessageEvent<Question>) => {
    try {
      port.postMessage({ id, run: run(input) });
    } catch (error) {
      port.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
    }
  };
  const presets = PRESETS.map(({ id, group, lanes, rfc, toggles }) => ({ id, group, lanes, rfc, toggles }));
  port.postMessage({ presets });
}

function runBackground(): void {
  const begun = import('./background.ts').then(({ begin }) => begin((report) => port.postMessage(report)));
  port.onmessage = async ({ data }: MessageEvent<Task>) => (await begun)(data);
}

if (port.name === 'background') runBackground();
else runEngine();
