/**
 * Runs Node's own tests of `net`, unmodified, from checkouts of its test/ folder outside this repository, with sockets
 * of tsyn by tsyn/register:
 *
 *     npm run test:node-net -- [--host] [--all] DIR... [FILE...]
 *
 * DIR has parallel/, sequential/ and common/, itself or in test/; of several, the first that has a file is its. FILE is a name as
 * in scripts/node-net-tests.txt, which is what runs where no FILE is given; with --all it is every test-net-* and test-*socket*
 * of the folders. --host leaves Node's own `net` in place, which shows what fails on this machine anyway.
 *
 * Each file has a process and a network namespace with nothing but `lo` to itself, and a minute. Two run at a time, those of
 * sequential/ alone. A file that is in no folder has failed, and so has one that skips itself, except with --all, where it is
 * counted. The last line is `N passed, N failed`; exit status 1 if any failed, 2 for wrong words.
 */

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const REGISTER = new URL('../dist/node/register/index.js', import.meta.url);
const LIST = new URL('node-net-tests.txt', import.meta.url);
const FOLDERS = ['parallel', 'sequential'];
const LIMIT_MS = 60_000;
/** How much of a failure's output is shown, characters from its end. */
const SHOWN = 4_000;

const { options, folders, files } = wordsOf(process.argv.slice(2));
const scratch = mkdtempSync(join(tmpdir(), 'tsyn-node-net-'));
const tally = { passed: [], failed: [], skipped: [] };
try {
  const alone = files.filter((file) => file.startsWith('sequential/'));
  const rest = files.filter((file) => !alone.includes(file));
  await Promise.all([1, 2].map((slot) => runAll(rest, slot)));
  await runAll(alone, 1);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
if (tally.failed.length > 0) console.log(`\nfailed: ${tally.failed.sort().join(' ')}`);
if (tally.skipped.length > 0) console.log(`${tally.skipped.length} skipped themselves`);
console.log(`\n${tally.passed.length} passed, ${tally.failed.length} failed`);
process.exitCode = tally.failed.length > 0 ? 1 : 0;

function wordsOf(words) {
  try {
    const { values, positionals } = parseArgs({
      args: words,
      options: { host: { type: 'boolean' }, all: { type: 'boolean' } },
      allowPositionals: true,
    });
    const isFolder = (word) => existsSync(word) && statSync(word).isDirectory();
    const roots = positionals.filter(isFolder).map(testFolder);
    const named = positionals.filter((word) => !isFolder(word));
    if (roots.length === 0) throw new Error('no folder with Node tests is given');
    if (values.host !== true && !existsSync(REGISTER)) throw new Error('tsyn/register is not built: npm run build');
    if (values.all === true && named.length > 0) throw new Error('--all takes no files');
    return { options: values, folders: roots, files: [...new Set(values.all ? everyFile(roots) : listed(named))] };
  } catch (error) {
    console.error(`${error.message}\nusage: npm run test:node-net -- [--host] [--all] DIR... [FILE...]`);
    process.exit(2);
  }
}

function testFolder(word) {
  const found = [resolve(word), resolve(word, 'test')].find((folder) => existsSync(join(folder, 'common/index.js')));
  if (found === undefined) throw new Error(`${word} is no checkout of Node's tests: it has no common/index.js`);
  return found;
}

function listed(named) {
  const names = named.length > 0 ? named : readFileSync(LIST, 'utf8').trim().split('\n');
  const wrong = names.find((name) => !/^(parallel|sequential)\/[\w-]+\.m?js$/.test(name));
  if (wrong !== undefined)
    throw new Error(`${wrong} is neither a folder nor parallel/test-*.js or sequential/test-*.js`);
  return names;
}

function everyFile(roots) {
  const paths = roots
    .flatMap((root) => FOLDERS.map((folder) => [root, folder]))
    .filter(([...at]) => existsSync(join(...at)));
  return paths
    .flatMap(([root, folder]) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`))
    .filter((file) => /\/test-(net-|.*socket).*\.m?js$/.test(file))
    .sort();
}

/** Takes files from the queue until there are none. */
async function runAll(queue, slot) {
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const started = performance.now();
    const { verdict, why, output } = await run(file, slot);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    tally[verdict].push(file);
    console.log(`${verdict.padEnd(7)} ${file} (${seconds} s)${why === '' ? '' : `: ${why}`}`);
    if (verdict === 'failed' && output !== '') console.log(output.slice(-SHOWN).replace(/^/gm, '    '));
  }
}

/** What came of one file: `verdict` is passed, failed or skipped. */
async function run(file, slot) {
  const root = folders.find((folder) => existsSync(join(folder, file)));
  if (root === undefined) return { verdict: 'failed', why: 'it is in none of the folders', output: '' };
  const path = join(root, file);
  const flags = /^\/\/ Flags:(.*)$/m.exec(readFileSync(path, 'utf8'))?.[1].trim().split(/\s+/) ?? [];
  const preload = options.host ? [] : ['--import', REGISTER.href];
  const home = join(scratch, `slot-${slot}`);
  mkdirSync(home, { recursive: true });
  const { status, signal, late, output } = await inNamespace([process.execPath, ...preload, ...flags, path], {
    cwd: root,
    env: { ...process.env, NODE_TEST_DIR: home, TEST_THREAD_ID: String(slot) },
  });
  if (late) return { verdict: 'failed', why: `not done within ${LIMIT_MS / 1000} s`, output };
  if (status !== 0) return { verdict: 'failed', why: signal === null ? `exit status ${status}` : signal, output };
  const skip = /^1\.\.0 # Skipped: (.*)$/m.exec(output);
  if (skip === null) return { verdict: 'passed', why: '', output };
  return { verdict: options.all ? 'skipped' : 'failed', why: `it skips itself: ${skip[1]}`, output };
}

function inNamespace(command, { cwd, env }) {
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const words = [...asRoot, '--net', '--', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...command];
  return new Promise((done, fail) => {
    // A group of its own, so that what a test leaves behind ends with it.
    const child = spawn('unshare', words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let output = '';
    let late = false;
    const endGroup = () => {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch (error) {
        if (error.code !== 'ESRCH') throw error;
      }
    };
    const timer = setTimeout(() => {
      late = true;
      endGroup();
    }, LIMIT_MS);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.once('error', fail);
    child.once('exit', endGroup);
    child.once('close', (status, signal) => {
      clearTimeout(timer);
      done({ status, signal, late, output });
    });
  });
}
