import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';

/** The suffix of a test's file tells what it needs: nothing, a database, or everything. */
const excluded = ['**/node_modules/**', '.data/**'];

export default defineConfig({
  // Vite would take graphql's ES modules where Node takes CommonJS: two copies, whose errors do not know each other.
  resolve: {
    alias: [{ find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') }],
  },
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
          // Some read every file of the project; a busy machine must not fail them.
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'pg',
          include: ['**/*.pg.test.ts'],
          exclude: excluded,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
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
