/**
 * Owns: docs/conformance.md, and whether what it says is true.
 *
 *   npm run conformance                     runs the tests of conformance and writes the page
 *   npm run conformance -- --static         runs nothing: is the page what the sources say?
 *   npm run conformance -- --mutate [id]    runs the tests, then each mutant of mutations.json: its tests must fail
 *
 * A requirement (requirements.tsv) has tests whose titles begin with its id, or an entry in deviations.tsv, or both.
 * A MUST also has a citation in a comment of the source and a mutant. Anything missing, failed or skipped is a failure.
 * The last line is `N passed, N failed`: requirements, and mutants where they ran.
 */

import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TESTS = 'test/conformance';
const PAGE = 'docs/conformance.md';
const ID = '(?:MUST|SHLD|REC|MAY)-\\d+';
const LEVELS = [
  ['MUST', 'MUST and MUST NOT'],
  ['SHLD', 'SHOULD and SHOULD NOT'],
  ['REC', 'RECOMMENDED'],
  ['MAY', 'MAY'],
];
/** A mutant that makes a test run for longer than this is as good as caught, ms. */
const PATIENCE = 120_000;

const STATIC = process.argv[2] === '--static';
const problems = [];
const read = (path) => readFileSync(join(ROOT, path), 'utf8');
const rows = (path) =>
  read(path)
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'));

// ---- What the sources say ----

/** id -> { id, level, section, meaning } */
function requirements() {
  return rows(`${TESTS}/requirements.tsv`).map(([id, level, section, meaning]) => ({ id, level, section, meaning }));
}

/** id -> 'kind: reason' */
function deviations() {
  return new Map(rows(`${TESTS}/deviations.tsv`).map(([id, kind, reason]) => [id, `${kind}: ${reason}`]));
}

/** Every test of conformance: { file, title, ids }. */
function tests() {
  const found = [];
  for (const name of readdirSync(join(ROOT, TESTS)).sort()) {
    if (!name.endsWith('.test.ts')) continue;
    const text = read(`${TESTS}/${name}`);
    for (const [, quoted] of text.matchAll(/^\s*it(?:\.\w+)*\(\s*'((?:[^'\\]|\\.)*)'/gm)) {
      const title = quoted.replace(/\\(.)/g, '$1');
      const head = new RegExp(`^${ID}(?:, ${ID})*: `).exec(title);
      if (head === null) problems.push(`${name}: a title that begins with no id: ${title}`);
      found.push({ file: `${TESTS}/${name}`, title, ids: (head?.[0] ?? '').match(new RegExp(ID, 'g')) ?? [] });
    }
    const calls = [...text.matchAll(/^\s*(?:it|test)(?:\.\w+)*\(/gm)].length;
    if (calls !== found.filter((t) => t.file.endsWith(`/${name}`)).length)
      problems.push(`${name}: a test whose title is not a plain text in single quotes`);
  }
  return found;
}

function sources() {
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => ({ path, lines: read(`src/${path}`).split('\n') }));
}

const DECLARATION =
  /^\s*(?:export\s+)?(?:async\s+)?(?:function\*?|class|interface|type|const|let)\s+([\w$]+)|^\s+(?:static\s+|async\s+|get\s+|set\s+|readonly\s+)*(#?[\w$]+)\??\s*[(:=]/;

const WORDS = new Set(['if', 'for', 'while', 'switch', 'return', 'case', 'default', 'else', 'do', 'try', 'throw']);

function declared(line) {
  const match = DECLARATION.exec(line);
  const name = match?.[1] ?? match?.[2];
  return name === undefined || WORDS.has(name) ? null : name;
}

const indent = (line) => line.length - line.trimStart().length;

/** The name of what line `at` is in or about: 'nextText', 'TcpSocket.end', '' for the file as a whole. */
function symbolAt(lines, at) {
  let line = at;
  if (/^\s*(\/\*\*|\*)/.test(lines[at])) {
    while (!lines[line].includes('*/')) line++;
    line++;
    if (/^import|^export \{|^$/.test(lines[line] ?? '')) return '';
  }
  let depth = Infinity;
  const names = [];
  for (let i = line; i >= 0; i--) {
    const text = lines[i];
    if (text.trim() === '' || /^\s*(\/\/|\/?\*|\))/.test(text) || (i < line && indent(text) >= depth)) continue;
    const opens = i === line ? declared(text) !== null && line !== at : /[{([]\s*(\/\/.*)?$/.test(text);
    if (opens || (i === line && /^\s*(?:export\s+)?(?:const|let)\s/.test(text) && indent(text) === 0)) {
      const name = declared(text);
      if (name !== null && (indent(text) === 0 || indent(text) === 2)) names.unshift(name);
    }
    depth = Math.min(depth, indent(text));
    if (depth === 0) break;
  }
  return [...new Set(names)].join('.');
}

function placeOf(path, lines, at) {
  const symbol = symbolAt(lines, at);
  return symbol === '' ? `\`${path}\`` : `\`${path}\` \`${symbol}\``;
}

/** id -> where comments of the source cite it: 'tcp/output.ts `nextText`'. */
function citations(files) {
  const found = new Map();
  for (const { path, lines } of files) {
    lines.forEach((line, at) => {
      const comment = /(\/\/|\/\*\*?|^\s*\*)(.*)$/.exec(line)?.[2] ?? '';
      for (const [id] of comment.matchAll(new RegExp(`\\b${ID}\\b`, 'g'))) {
        const place = placeOf(path, lines, at);
        if (!found.has(id)) found.set(id, []);
        if (!found.get(id).includes(place)) found.get(id).push(place);
      }
    });
  }
  return found;
}

/** Every `DEVIATION:` with its reason: { place, text }. */
function marks(files) {
  const found = [];
  for (const { path, lines } of files) {
    lines.forEach((line, at) => {
      if (!line.includes('DEVIATION:')) return;
      const words = [line.split('DEVIATION:')[1]];
      for (let i = at + 1; i < lines.length && /^\s*(\*(?!\/)|\/\/)/.test(lines[i]); i++) {
        const more = lines[i].replace(/^\s*(\*|\/\/)\s?/, '').trim();
        if (more === '' || more.startsWith('@')) break;
        words.push(more);
      }
      const text = words
        .join(' ')
        .replace(/\*\/\s*$/, '')
        .replace(/\s+/g, ' ')
        .trim();
      found.push({ place: placeOf(path, lines, at), text });
    });
  }
  return found;
}

/** [{ id, file, find, replace }] */
function mutations() {
  const list = JSON.parse(read(`${TESTS}/mutations.json`));
  // A stale mutant is for whoever runs them to mend, not for everybody who changes a line.
  for (const { id, file, find } of STATIC ? [] : list) {
    const count = read(file).split(find).length - 1;
    if (count !== 1) problems.push(`mutations.json: ${id}: stands ${count} times in ${file}: ${find}`);
  }
  return list;
}

// ---- The page ----

const cell = (text) => text.replaceAll('|', '\\|');

function page(model) {
  const { reqs, byId, excused, cited, deviating, mutants } = model;
  const out = [
    '# Conformance to RFC 9293',
    '',
    'Every requirement of RFC 9293, appendix B: the tests that show it, and where the code meets it. Made by `npm run conformance`',
    'from the tests, the comments of the source and `test/conformance/deviations.tsv`; not written by hand.',
    '',
    'The tests are in `test/conformance`. They look at a real host from outside, octet by octet, over IPv4 and IPv6.',
    'Each test of a MUST has been seen to fail: `npm run conformance -- --mutate` makes one small change to the source at a time',
    `(\`test/conformance/mutations.json\`, ${mutants.length} of them) and expects the tests of the requirement to notice.`,
    '',
  ];
  const totals = LEVELS.map(([prefix, name]) => {
    const all = reqs.filter((r) => r.id.startsWith(`${prefix}-`));
    const tested = all.filter((r) => byId.has(r.id));
    const rest = all.length - tested.length;
    const words = rest === 0 ? '' : `, ${rest} left out with a reason`;
    return `| ${name} | ${tested.length} of ${all.length} tested and passing${words} |`;
  });
  out.push('| level | |', '|---|---|', ...totals, '');
  for (const [prefix, name] of LEVELS) {
    out.push(`## ${name}`, '', '| id | section | meaning | tests | code |', '|---|---|---|---|---|');
    for (const r of reqs.filter((req) => req.id.startsWith(`${prefix}-`))) {
      const shown = (byId.get(r.id) ?? []).map(
        (t) => `passed: ${t.title.replace(/^[^:]*: /, '')} (\`${t.file.slice(TESTS.length + 1)}\`)`,
      );
      if (excused.has(r.id)) shown.push(excused.get(r.id));
      const not = r.level.endsWith('NOT') ? ' (NOT)' : '';
      const code = (cited.get(r.id) ?? []).slice(0, 4).join('<br>');
      out.push(`| ${r.id}${not} | ${r.section} | ${cell(r.meaning)} | ${cell(shown.join('<br>'))} | ${code} |`);
    }
    out.push('');
  }
  out.push(
    '## Chosen differences',
    '',
    'Places in the source that are marked `DEVIATION:`.',
    '',
    '| place | difference and reason |',
    '|---|---|',
  );
  for (const { place, text } of deviating) out.push(`| ${place} | ${cell(text)} |`);
  out.push('');
  return out.join('\n');
}

function model() {
  const files = sources();
  const reqs = requirements();
  const all = tests();
  const excused = deviations();
  const cited = citations(files);
  const mutants = mutations();
  const known = new Set(reqs.map((r) => r.id));
  const byId = new Map();
  for (const t of all) {
    for (const id of t.ids) {
      if (!known.has(id)) problems.push(`${t.file}: ${id} is no requirement`);
      byId.set(id, [...(byId.get(id) ?? []), t]);
    }
  }
  for (const id of excused.keys()) if (!known.has(id)) problems.push(`deviations.tsv: ${id} is no requirement`);
  for (const { id } of mutants) if (!byId.has(id)) problems.push(`mutations.json: ${id} has no test`);
  for (const { id } of reqs) {
    if (!byId.has(id) && !excused.has(id)) problems.push(`${id}: neither a test nor a deviation`);
    if (!id.startsWith('MUST') || !byId.has(id)) continue;
    if (!cited.has(id)) problems.push(`${id}: no comment of the source cites it`);
    if (!mutants.some((m) => m.id === id)) problems.push(`${id}: no mutant shows that its tests can fail`);
  }
  if (reqs.length !== 119) problems.push(`requirements.tsv: ${reqs.length} requirements instead of 119`);
  return { reqs, all, byId, excused, cited, mutants, deviating: marks(files) };
}

// ---- Running ----

/** @returns title -> status of what ran, and what went wrong with files; null when it did not end in time */
function vitest(root, files, pattern) {
  const output = join(mkdtempSync(join(tmpdir(), 'conformance-')), 'out.json');
  const args = ['node_modules/vitest/vitest.mjs', 'run', ...files, '--reporter=json', `--outputFile=${output}`];
  // Of one mutant and the next almost everything is the same: what has been transformed is kept beside the copy.
  if (pattern !== null) {
    args.push(
      '-t',
      pattern,
      '--experimental.fsModuleCache',
      `--experimental.fsModuleCachePath=${join(root, '.cache')}`,
    );
  }
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: 'ignore',
      timeout: PATIENCE,
      killSignal: 'SIGKILL',
    });
    child.on('close', (_, signal) => {
      const statuses = new Map();
      const broken = [];
      if (existsSync(output)) {
        for (const file of JSON.parse(readFileSync(output, 'utf8')).testResults) {
          if (file.status === 'failed' && file.assertionResults.length === 0)
            broken.push(`${file.name}: ${file.message}`);
          for (const t of file.assertionResults) {
            if (!(pattern !== null && (t.status === 'skipped' || t.status === 'pending')))
              statuses.set(t.title, t.status);
          }
        }
      } else if (signal === null) broken.push('it ended without results');
      rmSync(join(output, '..'), { recursive: true, force: true });
      resolve(signal === null ? { statuses, broken } : null);
    });
  });
}

/** Runs all tests of conformance; notes what is wrong. @returns whether all passed */
async function runTests({ all }) {
  const before = problems.length;
  const ran = await vitest(ROOT, [TESTS], null);
  if (ran === null) problems.push('the tests did not end in time');
  else {
    problems.push(...ran.broken);
    for (const { title, file } of all) {
      const status = ran.statuses.get(title) ?? 'not run';
      if (status !== 'passed') problems.push(`${file}: ${status}: ${title}`);
    }
  }
  return problems.length === before;
}

/** A copy of the repository that may be spoilt. */
function copy() {
  const root = mkdtempSync(join(tmpdir(), 'conformance-'));
  const left = new Set(['node_modules', 'dist', '.git', '.tsbuild', 'docs']);
  for (const entry of readdirSync(ROOT)) {
    if (!left.has(entry)) cpSync(join(ROOT, entry), join(root, entry), { recursive: true });
  }
  mkdirSync(join(root, 'docs'));
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  return root;
}

/** @returns [killed, survived] */
async function mutate({ mutants, byId }, wanted) {
  const queue = mutants.filter((m) => wanted.length === 0 || wanted.includes(m.id));
  const total = queue.length;
  let killed = 0;
  let survived = 0;
  const worker = async () => {
    const root = copy();
    try {
      for (let m = queue.shift(); m !== undefined; m = queue.shift()) {
        const { id, file, find, replace } = m;
        const path = join(root, file);
        const whole = readFileSync(path, 'utf8');
        writeFileSync(
          path,
          whole.replace(find, () => replace),
        );
        const files = [...new Set(byId.get(id).map((t) => t.file))];
        const ran = await vitest(root, files, `\\b${id}[,:]`);
        writeFileSync(path, whole);
        const failed =
          ran === null ? 'it ran for ever' : [...ran.statuses.values()].includes('failed') ? 'failed' : null;
        if (failed !== null && (ran?.broken.length ?? 0) === 0) {
          killed++;
          console.log(`KILLED    ${id}  ${file}: ${replace.trim()}${failed === 'failed' ? '' : ` (${failed})`}`);
        } else {
          survived++;
          const why = ran !== null && ran.broken.length > 0 ? `BROKEN    ${ran.broken.join(' ')}` : 'SURVIVED ';
          console.log(`${why} ${id}  ${file}: ${find.trim()}  ->  ${replace.trim()}`);
        }
      }
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  };
  await Promise.all([worker(), worker()]);
  console.log(`${killed} of ${total} mutants killed`);
  return [killed, survived];
}

// ---- The command ----

const args = process.argv.slice(2);
const facts = model();
let [killed, survived] = [0, 0];
if (STATIC) {
  const current = existsSync(join(ROOT, PAGE)) ? read(PAGE) : '';
  if (current !== page(facts)) problems.push(`${PAGE} is out of date: npm run conformance`);
} else {
  const good = await runTests(facts);
  if (args[0] === '--mutate' && good) [killed, survived] = await mutate(facts, args.slice(1));
  else if (args.length === 0 && problems.length === 0) writeFileSync(join(ROOT, PAGE), page(facts));
}
for (const problem of problems) console.log(problem);
const failed = problems.length + survived;
const passed = problems.length > 0 ? 0 : facts.reqs.length + killed;
for (const [prefix] of LEVELS) {
  const all = facts.reqs.filter((r) => r.id.startsWith(`${prefix}-`));
  console.log(`${prefix} ${all.filter((r) => facts.byId.has(r.id)).length} of ${all.length} tested`);
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
