/** Owns: how the page's tests are run: `npm run lab:test`, in a real Chromium, on the page as it is built. */

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['lab/test/**/*.test.ts'],
    reporters: ['default', './test/helpers/closing-line.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'threads',
    // Frames are timed: nothing else is to run meanwhile.
    fileParallelism: false,
  },
});
