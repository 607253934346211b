import { createLogger } from '@ordergraph/platform/logger.ts';
import type { Database } from '@ordergraph/platform/database.ts';
import { testDatabase, type TestDatabase } from '@ordergraph/tests/database.ts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  addPartner,
  listPartners,
  PartnerRefused,
  restorePartner,
  revokeKey,
  revokePartner,
  rotateKey,
} from '../store/partners.ts';
import { newApiKey, type NewApiKey } from './api-key.ts';
import { openDirectory, type Directory, type DirectoryOptions } from './directory.ts';

let database: TestDatabase;
let sql: Database;
const opened: Directory[] = [];
const logger = createLogger('router', 'silent');

beforeAll(async () => {
  database = await testDatabase(new URL('../store/migrations/', import.meta.url));
  sql = database.sql;
});
afterEach(async () => {
  for (const directory of opened.splice(0)) await directory.close();
});
afterAll(() => database.drop());

async function open(options: Partial<DirectoryOptions> = {}): Promise<Directory> {
  const directory = await openDirectory(sql, { logger, ...options });
  opened.push(directory);
  return directory;
}

/** Longer than anything here takes on a busy machine. */
function eventually<T>(probe: () => T) {
  return expect.poll(probe, { timeout: 20_000, interval: 20 });
}

/** Learns of nothing but by notification. */
const notified = { pollMs: 3_600_000, believedMs: 3_600_000 };
/** Learns of nothing but by looking. */
const looking = { pollMs: 20, believedMs: 2_000 };

let count = 0;
async function partner(): Promise<NewApiKey & { name: string }> {
  count += 1;
  const [name, key] = [`partner-${count}`, newApiKey()];
  await addPartner(sql, { name, plan: 'gold', scopes: ['a:read'] }, key);
  return { ...key, name };
}

test('a key names its partner, and a text that differs from it names nobody', async () => {
  const [directory, { key, name, prefix }, other] = [
    await open(),
    await partner(),
    await partner(),
  ];
  await eventually(() => directory.authenticate(key)).toMatchObject({
    name,
    plan: 'gold',
    scopes: ['a:read'],
    keyPrefix: prefix,
  });
  const [, , secret = ''] = key.split(/_(.*?)_(.*)/s).slice(0, 3);
  const changed = key.slice(0, -1) + (key.endsWith('A') ? 'B' : 'A');
  const swapped = key.replace(prefix, other.prefix);
  for (const wrong of [
    '',
    'x',
    prefix,
    secret,
    changed,
    swapped,
    ` ${key}`,
    `${key}\n`,
    `${key}A`,
  ]) {
    expect(await directory.authenticate(wrong)).toBeUndefined();
  }
});

test('no column holds a key or its secret', async () => {
  const { key } = await partner();
  const secret = key.split('_').slice(2).join('_');
  const rows = await sql`select row_to_json(k)::text as text from api_keys k`;
  expect(JSON.stringify(rows)).not.toContain(secret);
});

test.each([
  ['by a notification alone', notified, (name: string) => revokePartner(sql, name)],
  ['by looking alone', looking, revokeSilently],
])('a revoked partner is refused on every router, learnt %s', async (_how, options, revoke) => {
  const { key, name } = await partner();
  const routers = [await open(options), await open(options)];
  const accesses = await Promise.all(routers.map((router) => router.authenticate(key)));
  const ended = new Set<number>();
  routers.forEach((router, i) => {
    const access = accesses[i];
    if (access) router.onEnd(access, () => ended.add(i));
  });
  await revoke(name);
  for (const [i, router] of routers.entries()) {
    await eventually(() => router.authenticate(key)).toBeUndefined();
    expect(await standing(router, accesses[i])).toBeUndefined();
  }
  expect(ended).toEqual(new Set([0, 1]));
});

test('one key can be revoked while another of the partner goes on', async () => {
  const [directory, { key, name, prefix }, second] = [
    await open(notified),
    await partner(),
    newApiKey(),
  ];
  await rotateKey(sql, name, { key: second, overlapSeconds: 3_600 });
  await eventually(() => directory.authenticate(second.key)).toMatchObject({ name });
  expect(await directory.authenticate(key)).toMatchObject({ name });
  await revokeKey(sql, name, prefix);
  await eventually(() => directory.authenticate(key)).toBeUndefined();
  expect(await directory.authenticate(second.key)).toMatchObject({ name });
});

test('a rotated key is good until its overlap ends, without any further notice', async () => {
  const [directory, { key, name }, second] = [await open(looking), await partner(), newApiKey()];
  await rotateKey(sql, name, { key: second, overlapSeconds: 3 });
  await eventually(() => directory.authenticate(second.key)).toMatchObject({ name });
  const access = await directory.authenticate(key);
  expect(access).toMatchObject({ name });
  let ended = false;
  if (access) directory.onEnd(access, () => (ended = true));
  await eventually(() => directory.authenticate(key)).toBeUndefined();
  await eventually(() => ended).toBe(true);
  expect(await directory.authenticate(second.key)).toMatchObject({ name });
});

test('a second rotation does not lengthen the life of a key that is ending', async () => {
  const { name, prefix } = await partner();
  await rotateKey(sql, name, { key: newApiKey(), overlapSeconds: 60 });
  const before = await endOf(prefix);
  await rotateKey(sql, name, { key: newApiKey(), overlapSeconds: 3_600 });
  expect(before).not.toBeNull();
  expect(await endOf(prefix)).toEqual(before);
});

test('a revoked partner comes back with a new key only', async () => {
  const [directory, { key, name }, again] = [await open(notified), await partner(), newApiKey()];
  await revokePartner(sql, name);
  await expect(rotateKey(sql, name, { key: newApiKey(), overlapSeconds: 0 })).rejects.toThrow(
    PartnerRefused,
  );
  await restorePartner(sql, name, again);
  await eventually(() => directory.authenticate(again.key)).toMatchObject({ name });
  expect(await directory.authenticate(key)).toBeUndefined();
  await expect(restorePartner(sql, name, newApiKey())).rejects.toThrow('not revoked');
});

test('what is asked of a partner that is not there, or of a name that is taken, is refused', async () => {
  const { name } = await partner();
  await expect(revokePartner(sql, 'nobody')).rejects.toThrow(PartnerRefused);
  await expect(revokeKey(sql, name, '000000000000')).rejects.toThrow(PartnerRefused);
  const taken = addPartner(sql, { name, plan: 'x', scopes: [] }, newApiKey());
  await expect(taken).rejects.toThrow(PartnerRefused);
  const listed = (await listPartners(sql)).find((one) => one.name === name);
  expect(listed).toMatchObject({ plan: 'gold', keys: [expect.anything()] });
});

test('changes made at once by many are all seen', async () => {
  const directory = await open(notified);
  const all = await Promise.all(Array.from({ length: 20 }, () => partner()));
  const seen = async (): Promise<unknown[]> =>
    Promise.all(all.map(async ({ key }) => (await directory.authenticate(key))?.name));
  await eventually(seen).toEqual(all.map(({ name }) => name));
  expect(await seen()).toHaveLength(20);
});

test.each([
  [
    'fails',
    async () => {
      await sql.unsafe('alter table partners rename to partners_away');
      return async () => void (await sql.unsafe('alter table partners_away rename to partners'));
    },
  ],
  [
    'hangs',
    async () => {
      const holder = await sql.reserve();
      await holder.unsafe('begin; lock table partners in access exclusive mode');
      return async () => {
        await holder.unsafe('rollback');
        holder.release();
      };
    },
  ],
])(
  'while the database %s, partners are refused once what is known is too old, and served again after',
  async (_how, breakIt) => {
    const { key, name } = await partner();
    const directory = await open({ pollMs: 20, believedMs: 300 });
    expect(await directory.authenticate(key)).toMatchObject({ name });
    const mend = await breakIt();
    await eventually(() =>
      directory.authenticate(key).catch((error: unknown) => error),
    ).toMatchObject({ extensions: { code: 'SERVICE_UNAVAILABLE' } });
    await mend();
    await eventually(() => directory.authenticate(key).catch(() => undefined)).toMatchObject({
      name,
    });
  },
);

test('a database that was put back to an earlier state is believed', async () => {
  const [directory, kept, lost] = [await open(looking), await partner(), await partner()];
  await eventually(() => directory.authenticate(lost.key)).toMatchObject({ name: lost.name });
  await sql.begin(async (tx) => {
    await tx`delete from api_keys where prefix = ${lost.prefix}`;
    await tx`delete from partners where name = ${lost.name}`;
    await tx`update partner_revision set revision = (select max(revision) from partners)`;
  });
  await eventually(() => directory.authenticate(lost.key)).toBeUndefined();
  expect(await directory.authenticate(kept.key)).toMatchObject({ name: kept.name });
});

async function standing(
  directory: Directory,
  access: Awaited<ReturnType<Directory['authenticate']>>,
) {
  if (!access) throw new Error('the key was not good');
  return directory.standing(access);
}

async function endOf(prefix: string): Promise<Date | null | undefined> {
  const [row] = await sql<{ endsAt: Date | null }[]>`
    select ends_at as "endsAt" from api_keys where prefix = ${prefix}`;
  return row?.endsAt;
}

/** As `revokePartner` does, with a notification that gets lost. */
async function revokeSilently(name: string): Promise<void> {
  await sql`
    with next as (update partner_revision set revision = revision + 1 returning revision),
      gone as (
        update partners p set status = 'REVOKED', revoked_at = now(), revision = next.revision
        from next where name = ${name} returning p.id)
    update api_keys set revoked_at = now() from gone where partner_id = gone.id`;
}
