/** Owns: captures of the lab's presets, as the page saves them: every packet twice, where it left and where it arrived. */

import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ENTRY = `
export { run } from './lab/engine/run.ts';
export { toPcapng } from './lab/engine/exports/pcapng.ts';
export { IDS } from './lab/presets/ids.ts';
`;

/**
 * @param folder where a file may be written
 * @returns captures `{ name, octets }`
 */
export async function labCaptures(folder) {
  // The page is TypeScript, which not every Node reads.
  const outfile = join(folder, 'lab.mjs');
  const stdin = { contents: ENTRY, resolveDir: ROOT, loader: 'ts' };
  await build({ stdin, outfile, bundle: true, format: 'esm', platform: 'node', logLevel: 'error' });
  const { run, toPcapng, IDS } = await import(pathToFileURL(outfile).href);
  return IDS.map((preset) => ({
    name: `lab/${preset}`,
    octets: toPcapng(run({ preset, seed: 1, settings: {}, edits: [] })),
  }));
}
