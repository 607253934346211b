import { createHash } from 'node:crypto';
import { createLogger } from '@ordergraph/platform/logger.ts';
import type { Database } from '@ordergraph/platform/database.ts';
import { testDatabase, type TestDatabase } from '@ordergraph/tests/database.ts';
import { buildSchema } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultLimits } from '../limits.ts';
import { listManifests, rollBack } from '../store/manifests.ts';
import { addPartner, partnerNamed, revokePartner } from '../store/partners.ts';
import { newApiKey } from './api-key.ts';
import { openDirectory, type Directory } from './directory.ts';
import { publishManifest, servedFaults } from './publish-manifest.ts';
import { createPublishedOperations } from './published-operations.ts';

const schema = buildSchema('type Query { a(x: Int): Int!  b: String }');

let database: TestDatabase;
let sql: Database;
let directory: Directory;

beforeAll(async () => {
  database = await testDatabase(new URL('../store/migrations/', import.meta.url));
  sql = database.sql;
  directory = await openDirectory(sql, { logger: createLogger('router', 'silent') });
});
afterAll(async () => {
  await directory.close();
  await database.drop();
});

/** Longer than anything here takes on a busy machine. */
function eventually<T>(probe: () => T) {
  return expect.poll(probe, { timeout: 20_000, interval: 20 });
}

let count = 0;
async function partner() {
  count += 1;
  const [name, { key, ...stored }] = [`partner-${count}`, newApiKey()];
  await addPartner(sql, { name, plan: 'gold', scopes: [] }, stored);
  const operations = createPublishedOperations(sql);
  return {
    name,
    publish: (texts: Record<string, string>, on = schema) =>
      publishManifest(
        sql,
        { schema: on, limits: defaultLimits },
        { partner: name, text: JSON.stringify(texts) },
      ),
    /** As a router would find it now. */
    find: async (id: string) => {
      const access = await directory.authenticate(key);
      return access && (await operations.find(access, id))?.text;
    },
  };
}

test('what is published is found by its id, and nothing else', async () => {
  const { publish, find } = await partner();
  await publish({ one: 'query One { a }', two: 'query Two { b }' });
  await eventually(() => find('one')).toBe('query One { a }');
  expect(await find('two')).toBe('query Two { b }');
  expect(await find('three')).toBeUndefined();
  expect(await find('__proto__')).toBeUndefined();
});

test("a partner does not find another's operations, and one that has published nothing finds none", async () => {
  const [one, other, none] = [await partner(), await partner(), await partner()];
  await one.publish({ mine: 'query Mine { a }' });
  await other.publish({ theirs: 'query Theirs { a }' });
  await eventually(() => other.find('theirs')).toBeDefined();
  expect(await one.find('theirs')).toBeUndefined();
  expect(await other.find('mine')).toBeUndefined();
  expect(await none.find('mine')).toBeUndefined();
});

test('one bad operation keeps the whole manifest out, and every fault is told', async () => {
  const { name, publish, find } = await partner();
  await publish({ good: 'query Good { a }' });
  const deep = `query Deep { ${'... { '.repeat(5_000)} a ${'}'.repeat(5_000)} }`;
  const refused = publish({
    good: 'query Good { a }',
    c: 'query C { c }',
    deep,
    [createHash('md5').update('x').digest('hex')]: 'query Hash { a }',
  });
  await expect(refused).rejects.toMatchObject({
    name: 'ManifestRefused',
    faults: [
      { partner: name, operation: 'C', field: 'Query.c' },
      { partner: name, operation: 'deep', reason: 'The operation is too complex.' },
      { partner: name, reason: 'the id is not the md5 of the text' },
    ],
  });
  await eventually(() => find('good')).toBeDefined();
  expect(await find('c')).toBeUndefined();
  expect(await versions(name)).toEqual([1]);
});

test('whoever looks while manifests are published sees one whole, and none that was replaced', async () => {
  const { publish, find } = await partner();
  const ids = ['p', 'q', 'r'];
  const manifest = (round: number) =>
    Object.fromEntries(ids.map((id) => [id, `query V${round} { a(x: ${round}) }`]));
  await publish(manifest(1));
  await eventually(() => find('p')).toContain('V1 ');
  const rounds = 12;
  let publishing = true;
  const seen: number[] = [];
  const look = async (): Promise<void> => {
    let last = 1;
    while (publishing) {
      const texts = await Promise.all(ids.map((id) => find(id)));
      // One question each, so they may stand on both sides of a change, but in the order they were asked.
      const found = texts.map((text) => Number(/V(\d+)/.exec(text ?? '')?.[1]));
      expect(found).toEqual(found.toSorted((a, b) => a - b));
      expect(found[0]).toBeGreaterThanOrEqual(last);
      last = found.at(-1) ?? NaN;
      seen.push(last);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const readers = [look(), look(), look()];
  for (let round = 2; round <= rounds; round += 1) await publish(manifest(round));
  await eventually(() => find('r')).toContain(`V${rounds} `);
  publishing = false;
  await Promise.all(readers);
  expect(seen.length).toBeGreaterThan(rounds);
});

test('manifests published at once get a version each, and the last one is served', async () => {
  const { name, publish, find } = await partner();
  const all = await Promise.all(
    [1, 2, 3, 4, 5].map((n) => publish({ op: `query N${n} { a(x: ${n}) }` })),
  );
  expect(new Set(all.map(({ version }) => version))).toEqual(new Set([1, 2, 3, 4, 5]));
  const last = all.findIndex(({ version }) => version === 5) + 1;
  await eventually(() => find('op')).toContain(`N${last} `);
  expect(await versions(name)).toEqual([5, 4, 3, 2, 1]);
});

test('the same manifest again changes nothing', async () => {
  const { publish } = await partner();
  const texts = { one: 'query One { a }', two: 'query Two { b }' };
  expect(await publish(texts)).toMatchObject({ version: 1, changed: true, operationCount: 2 });
  expect(await publish(texts)).toMatchObject({ version: 1, changed: false });
  const { one } = texts;
  expect(await publish({ one })).toMatchObject({ version: 2, changed: true, dropped: ['Two'] });
});

test('rolling back serves what was served before, however often versions were rolled back', async () => {
  const { name, publish, find } = await partner();
  for (const n of [1, 2, 3]) await publish({ op: `query N${n} { a(x: ${n}) }` });
  expect(await rollBack(sql, name)).toEqual({ from: 3, to: 2 });
  await eventually(() => find('op')).toContain('N2 ');
  await publish({ op: 'query N4 { a(x: 4) }' });
  // Version 4 took the place of version 2, not of 3.
  expect(await rollBack(sql, name)).toEqual({ from: 4, to: 2 });
  expect(await rollBack(sql, name)).toEqual({ from: 2, to: 1 });
  await expect(rollBack(sql, name)).rejects.toThrow('no earlier version');
  expect(await rollBack(sql, name, 3)).toEqual({ from: 1, to: 3 });
  await eventually(() => find('op')).toContain('N3 ');
  await expect(rollBack(sql, name, 9)).rejects.toThrow('no version 9');
  await expect(rollBack(sql, 'nobody')).rejects.toThrow('no partner');
});

test('an API that breaks a served operation is told with partner, operation and field', async () => {
  const [{ name, publish }, gone] = [await partner(), await partner()];
  await publish({ one: 'query One { a }', two: 'query Two { b }' });
  await gone.publish({ one: 'query One { a }' });
  await revokePartner(sql, gone.name);
  const faultsOn = async (sdl: string) => {
    const { faults } = await servedFaults(sql, { schema: buildSchema(sdl), limits: defaultLimits });
    return faults.filter((fault) => [name, gone.name].includes(fault.partner));
  };
  expect(await faultsOn('type Query { a(x: Int): Int!  b: String! }')).toEqual([]);
  expect(await faultsOn('type Query { a(x: Int): Int }')).toEqual([
    { partner: name, operation: 'One', field: 'Query.a', reason: 'was Int! and is now Int' },
    { partner: name, operation: 'Two', field: 'Query.b', reason: expect.stringContaining('b') },
  ]);
  // To publish again is to agree with the types as they are.
  const agreed = 'type Query { a(x: Int): Int  b: String }';
  const texts = { one: 'query One { a }', two: 'query Two { b }' };
  expect(await publish(texts, buildSchema(agreed))).toMatchObject({ version: 2, changed: true });
  expect(await faultsOn(agreed)).toEqual([]);
});

async function versions(name: string): Promise<number[]> {
  const { id } = await partnerNamed(sql, name);
  return (await listManifests(sql, id)).map(({ version }) => version);
}
