/** Each invariant holds on a system whose orders came to every kind of end, and each is broken on purpose and caught. */
import { randomUUID } from 'node:crypto';
import type { SubgraphName } from '@ordergraph/schema/subgraphs.ts';
import { eventSubject } from '@ordergraph/schema/events/streams.ts';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { finishedSystem, type FinishedSystem } from '../testing/finished-system.ts';
import { breaches, type Breach } from './breaches.ts';
import { checkInvariants, invariants } from './check.ts';
import { examine, type Invariant, type Row } from './invariant.ts';
import { openScene, type Connections, type Scene } from './scene.ts';

const prefix = `i${randomUUID().slice(0, 8)}`;
const atOnce = { healMs: 0, publishMs: 0, lookAgainMs: 1 };

let system: FinishedSystem;
let admin: postgres.Sql;

beforeAll(async () => {
  admin = postgres(inject('databaseUrl'), { max: 1, onnotice: () => undefined });
  system = await finishedSystem(prefix);
});

afterAll(async () => {
  await admin?.end();
  await system?.stop();
});

test('every invariant holds on a system at rest', async () => {
  const verdicts = await checkInvariants(system.connections, {
    grace: atOnce,
    secrets: [system.secrets.internalSecret],
  });
  expect(verdicts.filter(({ offenders }) => offenders.length > 0)).toEqual([]);
  expect(verdicts.filter(({ checked }) => checked === 0).map(nameOfVerdict)).toEqual([
    '15 one key, one request, one result (payment)',
    '16 every attempt to pay that a key was answered with exists',
  ]);
});

test('there is a breach for each invariant', () => {
  expect(Object.keys(breaches).toSorted()).toEqual(invariants.map(nameOf).toSorted());
});

test.each(invariants.map((invariant) => [nameOf(invariant), invariant] as const))(
  'broken on purpose, it is caught: %s',
  async (name, invariant) => {
    const breach = breaches[name];
    if (!breach) throw new Error(`Nothing breaks ${name}`);
    expect((await offendersOf(invariant, breach)).length).toBeGreaterThan(0);
  },
);

test('what is under way is waited for, and is no breach', async () => {
  const published = invariants.find(({ promise }) => promise.includes('no event of order'));
  if (!published) throw new Error('The invariant is gone');
  await withTampered({ database: 'order', sql: unpublishedJustNow }, async (scene, url) => {
    const verdict = examine(published, { ...scene, grace: { ...atOnce, publishMs: 60_000 } });
    const sql = postgres(url, { max: 1 });
    await sql`update outbox set published_at = now()`;
    await sql.end();
    expect((await verdict).offenders).toEqual([]);
  });
});

test('a secret is found in a text', async () => {
  const orders = invariants.find(({ promise }) => promise.includes('database of order'));
  if (!orders) throw new Error('The invariant is gone');
  const { internalSecret } = system.secrets;
  const sql = `update orders set status_reason = 'see ${internalSecret}'`;
  await withTampered({ database: 'order', sql }, async (scene) => {
    const [row] = (await examine(orders, { ...scene, secrets: [internalSecret] })).offenders;
    expect(row).toMatchObject({ table: 'orders', column: 'status_reason', what: 'a secret' });
  });
});

const unpublishedJustNow = 'update outbox set published_at = null, created_at = now()';

function nameOf({ number, promise }: Invariant): string {
  return `${number} ${promise}`;
}

function nameOfVerdict({ invariant }: { invariant: Invariant }): string {
  return nameOf(invariant);
}

async function offendersOf(invariant: Invariant, breach: Breach): Promise<readonly Row[]> {
  if ('database' in breach) {
    return withTampered(breach, async (scene) => (await examine(invariant, scene)).offenders);
  }
  return withScene(system.connections, async (scene) => {
    if ('message' in breach) {
      await scene.bus.client.publish(eventSubject(prefix, 'order', 'order.placed'), breach.message);
      return (await examine(invariant, scene)).offenders;
    }
    const { channel } = scene;
    async function* twice() {
      for await (const page of channel.journal()) {
        yield [...page, ...page.map((charge) => ({ ...charge, chargeId: 'ch_second' }))];
      }
    }
    return (await examine(invariant, { ...scene, channel: { ...channel, journal: twice } }))
      .offenders;
  });
}

/** Clones a database, takes its constraints away, tampers with it, and looks at the system with it in place. */
async function withTampered<T>(
  { database, sql }: { database: SubgraphName; sql: string },
  look: (scene: Scene, url: string) => Promise<T>,
): Promise<T> {
  const original = new URL(system.connections.databaseUrls[database]);
  const clone = `${prefix}_${randomUUID().slice(0, 8)}`;
  await admin.unsafe(`create database ${clone} template ${original.pathname.slice(1)}`);
  const url = new URL(original);
  url.pathname = `/${clone}`;
  try {
    const tamperer = postgres(url.href, { max: 1, onnotice: () => undefined });
    await tamperer.unsafe(`set session_replication_role = replica; ${dropConstraints}`);
    await tamperer.unsafe(sql);
    await tamperer.end();
    const databaseUrls = { ...system.connections.databaseUrls, [database]: url.href };
    return await withScene({ ...system.connections, databaseUrls }, (scene) =>
      look(scene, url.href),
    );
  } finally {
    await admin.unsafe(`drop database ${clone} with (force)`);
  }
}

async function withScene<T>(
  connections: Connections,
  look: (scene: Scene) => Promise<T>,
): Promise<T> {
  const { scene, close } = await openScene(connections, { grace: atOnce, secrets: [] });
  try {
    return await look(scene);
  } finally {
    await close();
  }
}

const dropConstraints = `
  do $$
  declare doomed record;
  begin
    for doomed in
      select conrelid::regclass as owner, conname from pg_constraint
      where connamespace = 'public'::regnamespace
        and (contype in ('c', 'f', 'u') or contype = 'p' and conname like 'idempotency_keys%')
      order by contype = 'f' desc
    loop
      execute format('alter table %s drop constraint %I cascade', doomed.owner, doomed.conname);
    end loop;
    for doomed in
      select indexrelid::regclass as owner from pg_index join pg_class on pg_class.oid = indexrelid
      where indisunique and not indisprimary and relnamespace = 'public'::regnamespace
    loop
      execute format('drop index %s', doomed.owner);
    end loop;
  end $$`;
