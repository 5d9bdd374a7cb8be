/**
 * Owns: how the page is made: `npm run lab:build` writes it to `dist/lab`, to be put on any web server as it is, in any folder.
 * The package is taken from `dist` by its public entries, as any user's bundler would take it.
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const ROOT = new URL('..', import.meta.url);
const { exports: entries } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));

/** Where the entries of `tsyn` are for the web platform. */
const alias = Object.entries(entries)
  .filter((entry): entry is [string, { default: string }] => typeof entry[1] === 'object')
  .map(([entry, conditions]) => ({
    find: new RegExp(`^tsyn${entry.slice(1)}$`),
    replacement: fileURLToPath(new URL(conditions.default, ROOT)),
  }));

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  resolve: { alias },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  build: {
    outDir: fileURLToPath(new URL('dist/lab', ROOT)),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
});
