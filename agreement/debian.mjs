/**
 * Owns: captures that nobody here made: those with which Wireshark and tcpdump are tested, in Debian's source packages of them.
 * apt fetches these from the mirrors that it knows, and checks them; they are kept in the user's cache. None is part of this
 * repository.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const PACKAGES = {
  wireshark: { archive: /^wireshark_.*\.orig\.tar\.[a-z0-9]+$/, captures: '*/test/captures/*', depth: 3 },
  tcpdump: { archive: /^tcpdump_.*\.orig\.tar\.[a-z0-9]+$/, captures: '*/tests/*.pcap*', depth: 2 },
};
const TOOLS = ['apt-get', 'tar', 'bzip2', 'gzip'];

/** A format in which apt says what it fetches lists from. */
const TARGETS = '$(CREATED_BY) $(REPO_URI) $(RELEASE) $(COMPONENT)';

/**
 * All of them, each `{ name, octets }`.
 *
 * @throws Error saying why they are not to be had
 */
export function debianCaptures() {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tsyn', 'agreement');
  return Object.keys(PACKAGES).flatMap((name) => capturesOf(fetched(folder, name), name));
}

/** The folder in which a package's captures are. */
function fetched(folder, name) {
  const target = join(folder, name);
  if (existsSync(target)) return target;
  const missing = TOOLS.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
  if (missing.length > 0) throw new Error(`there is no ${missing.join(', no ')}`);
  const work = join(folder, `fetching-${process.pid}`);
  try {
    const archive = download(work, name);
    const unpacked = join(work, 'captures');
    mkdirSync(unpacked);
    const { captures, depth } = PACKAGES[name];
    const how = [`--strip-components=${depth}`, '--wildcards', captures];
    execFileSync('tar', ['-xf', archive, '-C', unpacked, ...how], { stdio: ['ignore', 'ignore', 'inherit'] });
    renameSync(unpacked, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return target;
}

/** Asks apt for a source package, with lists of its own: the machine's stay as they are. @returns the archive's path */
function download(work, name) {
  for (const path of ['lists/partial', 'cache/archives/partial', 'source'])
    mkdirSync(join(work, path), { recursive: true });
  const sources = join(work, 'sources.list');
  writeFileSync(sources, sourceLines().join(''));
  const options = {
    'Dir::Etc::SourceList': sources,
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State::Lists': join(work, 'lists'),
    'Dir::Cache': join(work, 'cache'),
    'APT::Sandbox::User': '',
  };
  const words = Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  const apt = (...rest) => {
    const { status, stderr } = spawnSync('apt-get', [...words, '-q', ...rest], {
      cwd: join(work, 'source'),
      encoding: 'utf8',
      timeout: 300_000,
    });
    if (status !== 0) throw new Error(`apt-get ${rest.join(' ')}: ${stderr?.trim().split('\n').at(-1) || 'no answer'}`);
  };
  apt('update');
  apt('source', '--download-only', name);
  const archive = readdirSync(join(work, 'source')).find((file) => PACKAGES[name].archive.test(file));
  if (archive === undefined) throw new Error(`the source package of ${name} has no archive of the kind expected`);
  return join(work, 'source', archive);
}

/** `deb-src` lines for the mirrors of Debian that this machine fetches packages from. */
function sourceLines() {
  const output = execFileSync('apt-get', ['indextargets', '--format', TARGETS, 'Origin: Debian'], { encoding: 'utf8' });
  const wanted = output.split('\n').filter((line) => line.startsWith('Packages '));
  const lines = new Set(wanted.map((line) => line.split(' ').slice(1)).map((rest) => `deb-src ${rest.join(' ')}\n`));
  if (lines.size === 0) throw new Error('apt knows no mirror of Debian');
  return [...lines];
}

function capturesOf(folder, from) {
  return readdirSync(folder)
    .sort()
    .map((file) => ({ name: `${from}/${file}`, octets: unzipped(readFileSync(join(folder, file))) }));
}

function unzipped(octets) {
  return octets[0] === 0x1f && octets[1] === 0x8b ? gunzipSync(octets) : octets;
}
