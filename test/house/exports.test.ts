import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './source.ts';

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly files: readonly string[];
  readonly bin: Readonly<Record<string, string>>;
}

const manifest: Manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const subpaths = Object.entries(manifest.exports).filter(([subpath]) => subpath !== './package.json');
const dist = join(ROOT, 'dist');

/** Runs a program in the package's own scope, where its name resolves to itself. */
function node(source: string): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 60_000,
  });
}

describe('the package', () => {
  it('has been built: `npm run build`', () => {
    expect(existsSync(dist)).toBe(true);
    expect(subpaths.length).toBeGreaterThanOrEqual(8);
  });

  for (const [subpath, target] of subpaths) {
    it(`exports ${subpath} with types, from dist`, () => {
      // In Node these are more than elsewhere: `tsyn/drill` reads files, `tsyn/sim` has hosts for programs of Node.
      const conditions = ['./drill', './sim'].includes(subpath) ? ['types', 'node', 'default'] : ['types', 'default'];
      expect(Object.keys(target)).toEqual(conditions);
      for (const file of Object.values(target)) {
        expect(file).toMatch(/^\.\/dist\/[a-z/-]+(\.d\.ts|\.js)$/);
        expect(existsSync(join(ROOT, file)), file).toBe(true);
      }
    });
  }

  it('is imported under its own name, every subpath of it', () => {
    const names = subpaths.map(([subpath]) => manifest.name + subpath.slice(1));
    const source = `for (const name of ${JSON.stringify(names)}) {
      const module = await import(name); console.log(name, Object.keys(module).length > 0); }`;
    const { stdout, stderr } = node(source);
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual(names.map((name) => `${name} true`));
  });

  it('lets nobody in by other ways', () => {
    for (const inside of ['dist/wire/seq.js', 'src/wire/seq.ts', 'wire/seq', 'tcp/tcb.js']) {
      const { stderr, status } = node(`await import('${manifest.name}/${inside}')`);
      expect(status, inside).not.toBe(0);
      expect(stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
    }
    expect(Object.keys(manifest.exports).filter((subpath) => subpath.includes('*'))).toEqual([]);
  });

  it('has types that need neither koffi nor, in the core, Node', () => {
    const declarations = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.d.ts'),
    );
    expect(declarations.length).toBeGreaterThanOrEqual(60);
    const wrong = declarations.filter((path) => {
      const text = readFileSync(join(dist, path), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
      if (/['"]koffi['"]/.test(text)) return true;
      return !/^(node|cli|web)\//.test(path) && /\bNodeJS\.|\bBuffer\b|['"]node:/.test(text);
    });
    expect(wrong).toEqual([]);
  });

  it('packs what it lists and no tests', () => {
    const cache = mkdtempSync(join(tmpdir(), 'tsyn-'));
    const words = ['pack', '--dry-run', '--json', '--ignore-scripts', '--cache', cache];
    const text = execFileSync('npm', words, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    rmSync(cache, { recursive: true });
    const packed: string[] = JSON.parse(text)[0].files.map((file: { path: string }) => file.path);
    expect(packed.filter((path) => !/^(dist|src)\/|^[A-Z][A-Za-z.-]+$|^package\.json$/.test(path))).toEqual([]);
    for (const [, target] of subpaths)
      for (const file of Object.values(target)) expect(packed).toContain(file.slice(2));
    for (const path of ['LICENSE', 'CHANGELOG.md', 'README.md', ...Object.values(manifest.bin)])
      expect(packed).toContain(path);
  });
});
