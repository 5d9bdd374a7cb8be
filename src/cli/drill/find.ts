/**
 * Owns: which scripts are meant, and over which versions of IP: files as they are named, folders with every `.pkt` in them, in the
 * order of their names.
 */

import { readFileSync, statSync } from 'node:fs';
import { DrillSkip, DrillSyntaxError, type IpVersion, ipVersions } from '../../drill/index.ts';
import { scriptsIn } from '../../node/drill.ts';
import { UsageError } from '../args.ts';
import type { Job } from './job.ts';

/** The largest file that is read as a script: the longest public ones have some 50 kB. */
const LARGEST = 16 * 1024 * 1024;

/**
 * What is to be played: of each script, each version of IP that it is for and that is `wanted`. A file that is no script is there
 * once, to be reported.
 *
 * @throws UsageError a path that is not there or cannot be read, a folder without scripts
 */
export function findJobs(paths: readonly string[], wanted: IpVersion | 'all'): Job[] {
  const jobs = paths.flatMap(scriptsOf).flatMap((path) => versionsOf(path, wanted).map((ip) => ({ path, ip })));
  if (jobs.length === 0) throw new UsageError(`none of the scripts is for ${wanted}`);
  return jobs;
}

function scriptsOf(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new UsageError(`no such file or folder: '${path}'`);
  if (!stat.isDirectory()) return [path];
  const scripts = scriptsIn(path);
  if (scripts.length === 0) throw new UsageError(`no scripts (*.pkt) in the folder '${path}'`);
  return scripts;
}

function versionsOf(path: string, wanted: IpVersion | 'all'): readonly IpVersion[] {
  try {
    return ipVersions(path, readScript(path)).filter((ip) => wanted === 'all' || ip === wanted);
  } catch (error) {
    if (error instanceof DrillSyntaxError || error instanceof DrillSkip) return [wanted === 'all' ? 'ipv4' : wanted];
    throw error;
  }
}

/** @throws UsageError a file that cannot be read, or is far too large for a script */
export function readScript(path: string): string {
  try {
    if (statSync(path).size > LARGEST) throw new UsageError(`'${path}' is too large for a script`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`'${path}' cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}
