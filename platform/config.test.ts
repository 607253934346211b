import { expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigurationError, port, readConfig, subgraphVariables } from './config.ts';

const schema = z.object({ ...subgraphVariables, PORT: port.default(4001) });
const good = {
  DATABASE_URL: 'postgres://order:pw@127.0.0.1/order',
  NATS_URL: 'nats://127.0.0.1:4222',
  INTERNAL_SECRET: 'x'.repeat(32),
};

function faults(environment: Record<string, string | undefined>): readonly string[] {
  try {
    readConfig(schema, environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
}

test('a good environment is read, with defaults for what is not given', () => {
  expect(readConfig(schema, good)).toMatchObject({
    PORT: 4001,
    HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
  });
  expect(readConfig(schema, { ...good, PORT: '0', UNKNOWN: 'x' }).PORT).toBe(0);
});

test('an empty or blank variable counts as not given', () => {
  expect(readConfig(schema, { ...good, PORT: '', HOST: ' ' })).toMatchObject({
    PORT: 4001,
    HOST: '127.0.0.1',
  });
  expect(faults({ ...good, NATS_URL: ' ' })).toEqual(['NATS_URL: is missing']);
});

test('all faults are listed at once, each by its variable, none with its value', () => {
  const values = {
    DATABASE_URL: 'mysql://root:hunter2@db-7.internal',
    INTERNAL_SECRET: 'hunter2',
    PORT: '70000x',
    DATABASE_POOL_MAX: '-3',
    LOG_LEVEL: 'deafening',
  };
  const found = faults(values);
  const named = found.map((line) => line.replace(/:.*/s, ''));
  expect(named.toSorted()).toEqual([
    'DATABASE_POOL_MAX',
    'DATABASE_URL',
    'INTERNAL_SECRET',
    'LOG_LEVEL',
    'NATS_URL',
    'PORT',
  ]);
  for (const value of Object.values(values)) expect(found.join('\n')).not.toContain(value);
});

test('a fault inside of a value, and one of several variables together, are told as they are', () => {
  const lists = z
    .object({
      KEYS: z
        .string()
        .transform((text) => text.split(','))
        .pipe(z.array(z.string().min(2))),
    })
    .refine(() => false, 'A and B exclude each other');
  const read = (): unknown => readConfig(lists, { KEYS: 'a,bc' });
  expect(read).toThrow(/KEYS: (?!is missing)/);
  expect(() => readConfig(lists, { KEYS: 'ab' })).toThrow('A and B exclude each other');
});
