import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

const required = {
  SANDBOX_API_KEY: 'key',
  SANDBOX_WEBHOOK_SECRET: 'secret',
  SANDBOX_WEBHOOK_URL: 'http://127.0.0.1:4000/webhooks/sandbox',
};

test('what is not said has its documented default', () => {
  expect(readConfig(required)).toEqual({
    port: 4010,
    host: '127.0.0.1',
    apiKey: 'key',
    webhookSecret: 'secret',
    webhookUrl: required.SANDBOX_WEBHOOK_URL,
    lateMs: 960_000,
  });
});

test('everything can be said', () => {
  const said = {
    ...required,
    PORT: '0',
    HOST: '::1',
    SANDBOX_JOURNAL_FILE: '/tmp/j',
    SANDBOX_LATE_MS: '50',
  };
  expect(readConfig(said)).toMatchObject({
    port: 0,
    host: '::1',
    journalFile: '/tmp/j',
    lateMs: 50,
  });
});

test('all faults are reported together, each with its variable', () => {
  const faulty = {
    PORT: '70000',
    SANDBOX_WEBHOOK_URL: 'ftp://x',
    SANDBOX_LATE_MS: '-1',
    SANDBOX_API_KEY: '',
  };
  expect(() => readConfig(faulty)).toThrow(
    /PORT must be[^]*SANDBOX_API_KEY is missing[^]*SANDBOX_WEBHOOK_SECRET is missing[^]*SANDBOX_WEBHOOK_URL must be an http[^]*SANDBOX_LATE_MS must be/,
  );
});
