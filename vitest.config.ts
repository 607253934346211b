import { defineConfig } from 'vitest/config';

/** The suffix of a test's file tells what it needs: nothing, a database, or everything. */
const excluded = ['**/node_modules/**', '.data/**'];

export default defineConfig({
  test: {
    globalSetup: ['tests/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: ['**/*.test.ts'],
          exclude: [...excluded, '**/*.{pg,e2e,faults}.test.ts'],
        },
      },
      {
        extends: true,
        test: { name: 'pg', include: ['**/*.pg.test.ts'], exclude: excluded, testTimeout: 30_000, hookTimeout: 60_000 },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['**/*.{e2e,faults}.test.ts'],
          exclude: excluded,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
