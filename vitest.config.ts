import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The closing line `N passed, N failed` is what CI and people read.
    reporters: ['default', './test/helpers/closing-line.ts'],
    testTimeout: 60_000,
    pool: 'threads',
  },
});
