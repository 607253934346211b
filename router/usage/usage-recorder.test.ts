import { anonymous } from '@ordergraph/platform/identity.ts';
import { createLogger } from '@ordergraph/platform/logger.ts';
import { buildSchema, getOperationAST, parse } from 'graphql';
import { expect, test } from 'vitest';
import type { ValidOperation } from '../operations.ts';
import type { UsageRow } from '../store/usage.ts';
import { operationDigest } from './operation-digest.ts';
import { createUsageRecorder, type Use, type UsageOptions } from './usage-recorder.ts';

const schema = buildSchema('type Query { a(x: Int): Int  b: B }  type B { c: String }');
const partner = { id: 'p', name: 'acme', plan: 'x', scopes: [], activeVersion: 1, keyPrefix: 'k' };

function use(text: string, changes: Partial<Use> & { name?: string } = {}): Use {
  const { name, ...rest } = changes;
  const document = parse(text);
  const node = getOperationAST(document, name);
  if (!node) throw new Error('no operation');
  const operation: ValidOperation = {
    name: node.name?.value,
    type: node.operation,
    document,
    node,
    stream: undefined,
  };
  const caller = { identity: anonymous, expiresAtMs: null };
  return { schema, operation, text, caller, client: 'web', ...rest };
}

function recorder(options: Partial<UsageOptions> = {}) {
  const rows: UsageRow[] = [];
  const { record, close } = createUsageRecorder({
    store: async (more) => void rows.push(...more),
    logger: createLogger('router', 'silent'),
    sampleRate: 1,
    flushMs: 3_600_000,
    ...options,
  });
  return { record, close, rows };
}

test('requests are counted by client and operation, with the fields that it reads', async () => {
  const { record, close, rows } = recorder();
  const text = 'query Q { a(x: 1) ...F } fragment F on Query { b { c __typename } }';
  const one = use(text);
  for (let i = 0; i < 3; i += 1) record(one);
  record(use(text, { client: 'ios' }));
  record(use(text, { caller: { ...one.caller, partner } }));
  await close();
  const fields = ['B.c', 'Query.a', 'Query.a(x:)', 'Query.b'];
  const shown = rows.map((row) => [row.partner, row.client, row.requests, row.name, row.fields]);
  expect(shown).toHaveLength(3);
  expect(shown).toContainEqual(['', 'web', 3, 'Q', fields]);
  expect(shown).toContainEqual(['', 'ios', 1, 'Q', fields]);
  expect(shown).toContainEqual(['acme', 'web', 1, 'Q', fields]);
  expect(new Set(rows.map(({ digest }) => digest))).toEqual(new Set([operationDigest('Q', text)]));
});

test('of a text with several operations only the one that ran is counted', async () => {
  const { record, close, rows } = recorder();
  record(use('query A { a } query B { b { c } }', { name: 'B' }));
  await close();
  expect(rows).toMatchObject([{ name: 'B', fields: ['B.c', 'Query.b'] }]);
});

test('a sample stands for all requests, but every request of a partner is counted', async () => {
  const draws = [0.05, 0.5, 0.95, 0.09];
  const { record, close, rows } = recorder({ sampleRate: 0.1, random: () => draws.shift() ?? 1 });
  const person = use('query Q { a }');
  for (let i = 0; i < 4; i += 1) record(person);
  const asPartner = { ...person, caller: { ...person.caller, partner } };
  for (let i = 0; i < 3; i += 1) record(asPartner);
  await close();
  const counts = Object.fromEntries(rows.map((row) => [row.partner, row.requests]));
  expect(counts).toEqual({ '': 20, acme: 3 });
});

test('names and texts that clients make up are counted together beyond a bound, partners apart', async () => {
  const { record, close, rows } = recorder();
  const one = use('query Q { a }');
  for (let i = 0; i < 5_000; i += 1) record({ ...one, client: `bot-${i}` });
  await close();
  expect(rows.length).toBeLessThanOrEqual(2_000);

  const several = recorder({ flushMs: 5 });
  for (let i = 0; i < 2_000; i += 1) several.record({ ...one, client: `bot-${i}` });
  await expect.poll(() => several.rows.length).toBe(2_000);
  several.record({ ...one, client: 'one more' });
  several.record({ ...one, client: 'bot-7' });
  several.record({ ...one, client: 'web', caller: { ...one.caller, partner } });
  await several.close();
  const later = several.rows.slice(2_000).map((row) => [row.partner, row.client, row.name]);
  expect(later).toHaveLength(3);
  expect(later).toContainEqual(['', '(other)', '(other)']);
  expect(later).toContainEqual(['', 'bot-7', 'Q']);
  expect(later).toContainEqual(['acme', 'web', 'Q']);
});

test('what the database did not take is written later, added up', async () => {
  let down = true;
  const rows: UsageRow[] = [];
  let tries = 0;
  const { record, close } = recorder({
    flushMs: 5,
    store: async (more) => {
      tries += 1;
      if (down) throw new Error('down');
      rows.push(...more);
    },
  });
  const one = use('query Q { a }');
  record(one);
  await expect.poll(() => tries).toBeGreaterThan(0);
  record(one);
  await expect.poll(() => tries).toBeGreaterThan(2);
  down = false;
  await close();
  expect(rows).toMatchObject([{ name: 'Q', requests: 2 }]);
});
