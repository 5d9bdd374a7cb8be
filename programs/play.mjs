/** Owns: one program's run inside its namespaces: its place, its server, its cases one after the other, and what is left. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nothingLeft, openPlace } from './place.mjs';

/** How long a case may take, ms. */
const LIMIT = 90_000;

/** The bad path is for a tenth of the volume. */
const SHARE = 0.1;

/** Debian keeps servers where PATH may not look. */
function environment() {
  return { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
}

/** What the system lacks for a program, or null. */
export function missingFor(program) {
  for (const tool of program.needs ?? []) {
    const found = spawnSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore', env: environment() });
    if (found.status !== 0) return `this needs ${tool}`;
  }
  return null;
}

/**
 * Runs the cases of a program. `options`: family, impaired, kernel, tell (gets `{ title, seconds, notes, problem }` of each
 * case, and `{ version }` of its server).
 */
export async function play(program, { family, impaired, kernel, tell }) {
  process.env.PATH = environment().PATH;
  const directory = mkdtempSync(join(tmpdir(), 'tsyn-programs-'));
  const discard = () => rmSync(directory, { recursive: true, force: true });
  process.once('exit', discard);
  let place = null;
  let server = null;
  let broken = null;
  try {
    place = await openPlace({ kind: program.place, family, impaired, kernel, seed: family });
    server = (await program.start?.({ place, directory })) ?? null;
    if (server?.version !== undefined) await tell({ version: server.version });
  } catch (error) {
    broken = `it did not start: ${error.stack ?? error}`;
  }
  const scaled = (amount) => Math.max(1, Math.round(impaired ? amount * SHARE : amount));
  for (const [title, run] of Object.entries(program.cases)) {
    const notes = [];
    const began = performance.now();
    const lost = place?.lost() ?? 0;
    const context = { place, server, directory, scaled, family, kernel, note: (text) => notes.push(text) };
    const problem = broken ?? (await problemOf(run, context));
    if (impaired && place !== null) notes.push(`lost packets: ${place.lost() - lost}`);
    await tell({ title, seconds: (performance.now() - began) / 1000, notes, problem });
  }
  await server?.stop?.().catch((error) => console.log(`the server of ${program.name} did not stop: ${error.message}`));
  await place?.close();
  process.off('exit', discard);
  discard();
}

async function problemOf(run, context) {
  let onUncaught;
  const uncaught = new Promise((_, reject) => {
    onUncaught = reject;
    // A client that has nobody to tell of its error: it is the case's.
    process.on('uncaughtException', onUncaught);
  });
  uncaught.catch(() => {});
  try {
    await withLimit(Promise.race([run(context), uncaught]), LIMIT);
    await nothingLeft(context.place);
    return null;
  } catch (error) {
    return String(error.stack ?? error)
      .split('\n')
      .slice(0, 14)
      .join('\n');
  } finally {
    process.off('uncaughtException', onUncaught);
  }
}

async function withLimit(promise, limit) {
  let timer;
  const over = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${limit} ms`)), limit);
  });
  try {
    await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}
