/**
 * The scenario that every runtime plays, from the build alone: no module of any runtime, no bundle. What a part returns is compared
 * between runtimes, so it holds nothing that depends on speed.
 */

import { live } from './live.mjs';
import { simulated } from './simulated.mjs';
import { topology } from './topology.mjs';

/** @param relay the URL of a relay of WebSockets @returns by part: { result, ms }, { error } or { absent } with the reason */
export async function play(relay) {
  const results = {};
  for (const [name, part] of Object.entries({ ...simulated, ...topology, ...live })) {
    const started = performance.now();
    try {
      const result = await part(relay);
      const { absent } = result;
      results[name] = absent === undefined ? { result, ms: Math.round(performance.now() - started) } : { absent };
    } catch (error) {
      results[name] = { error: String(error?.stack ?? error) };
    }
  }
  return results;
}
