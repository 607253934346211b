/** Partners and their keys, as they are changed and looked at by people. */
import type { Database, Queryable, Transaction } from '@ordergraph/platform/database.ts';
import { newId } from '@ordergraph/platform/ids.ts';

/** On which routers hear that partners changed. The message says nothing: what changed is read. */
export const partnerChannel = 'router_partners';

/** Thrown when a change cannot be made; the message is for whoever asked for it. */
export class PartnerRefused extends Error {
  override readonly name = 'PartnerRefused';
}

export type PartnerRow = {
  readonly id: string;
  readonly name: string;
  readonly status: 'ACTIVE' | 'REVOKED';
  readonly activeVersion: number | null;
};

/** Numbers this change, after all that were made before it, and lets routers know when it is committed. */
async function nextRevision(tx: Transaction): Promise<number> {
  const [row] = await tx<{ revision: number }[]>`
    insert into partner_revision (revision) values (1)
    on conflict (singleton) do update set revision = partner_revision.revision + 1
    returning revision`;
  await tx`select pg_notify(${partnerChannel}, '')`;
  return row?.revision ?? 0;
}

/**
 * Changes a partner. Changes of all partners take turns, so that routers see them in the order of their revisions.
 * @throws PartnerRefused if there is none of that name
 */
export async function changePartner<T>(
  sql: Database,
  name: string,
  change: (tx: Transaction, partner: PartnerRow) => Promise<T>,
): Promise<T> {
  const changed = await sql.begin(async (tx) => {
    const revision = await nextRevision(tx);
    const partner = await partnerNamed(tx, name);
    const result = await change(tx, partner);
    await tx`update partners set revision = ${revision} where id = ${partner.id}`;
    return { result };
  });
  return changed.result;
}

/** @throws PartnerRefused if there is none of that name */
export async function partnerNamed(sql: Queryable, name: string): Promise<PartnerRow> {
  const [partner] = await sql<PartnerRow[]>`
    select id, name, status, active_version as "activeVersion" from partners where name = ${name}`;
  if (partner) return partner;
  throw new PartnerRefused(`There is no partner ${name}.`);
}

export type NewPartner = {
  readonly name: string;
  readonly plan: string;
  readonly scopes: readonly string[];
};
export type StoredKey = { readonly prefix: string; readonly hash: string };

/** @throws PartnerRefused if the name is taken */
export async function addPartner(sql: Database, partner: NewPartner, key: StoredKey) {
  const { name, plan, scopes } = partner;
  await sql.begin(async (tx) => {
    const revision = await nextRevision(tx);
    const id = newId('ptn');
    const added = await tx`
      insert into partners (id, name, plan, scopes, status, revision)
      values (${id}, ${name}, ${plan}, ${[...scopes]}, 'ACTIVE', ${revision})
      on conflict (name) do nothing`;
    if (added.count === 0) throw new PartnerRefused(`There is a partner ${name} already.`);
    await insertKey(tx, id, key);
  });
}

/** Adds a key; those it has go on for a while. */
export async function rotateKey(
  sql: Database,
  name: string,
  { key, overlapSeconds }: { key: StoredKey; overlapSeconds: number },
) {
  await changePartner(sql, name, async (tx, partner) => {
    if (partner.status === 'REVOKED') throw new PartnerRefused(`${name} is revoked.`);
    await tx`
      update api_keys set ends_at = least(ends_at, now() + make_interval(secs => ${overlapSeconds}))
      where partner_id = ${partner.id} and revoked_at is null`;
    await insertKey(tx, partner.id, key);
  });
}

/** Ends a partner with all its keys, at once. */
export async function revokePartner(sql: Database, name: string): Promise<void> {
  await changePartner(sql, name, async (tx, { id }) => {
    await tx`
      update partners set status = 'REVOKED', revoked_at = now()
      where id = ${id} and status = 'ACTIVE'`;
    await tx`update api_keys set revoked_at = now() where partner_id = ${id} and revoked_at is null`;
  });
}

/** Ends one key, at once. @throws PartnerRefused if the partner has no such key */
export async function revokeKey(sql: Database, name: string, prefix: string): Promise<void> {
  await changePartner(sql, name, async (tx, { id }) => {
    const { count } = await tx`
      update api_keys set revoked_at = coalesce(revoked_at, now())
      where partner_id = ${id} and prefix = ${prefix}`;
    if (count === 0) throw new PartnerRefused(`${name} has no key ${prefix}.`);
  });
}

/** Lets a revoked partner call again, with a new key. @throws PartnerRefused if it is not revoked */
export async function restorePartner(sql: Database, name: string, key: StoredKey): Promise<void> {
  await changePartner(sql, name, async (tx, { id, status }) => {
    if (status === 'ACTIVE') throw new PartnerRefused(`${name} is not revoked.`);
    await tx`update partners set status = 'ACTIVE', revoked_at = null where id = ${id}`;
    await insertKey(tx, id, key);
  });
}

async function insertKey(tx: Transaction, partnerId: string, { prefix, hash }: StoredKey) {
  await tx`
    insert into api_keys (prefix, partner_id, hash) values (${prefix}, ${partnerId}, ${hash})`;
}

export type ListedPartner = {
  readonly name: string;
  readonly plan: string;
  readonly scopes: readonly string[];
  readonly status: PartnerRow['status'];
  readonly activeVersion: number | null;
  readonly operationCount: number | null;
  /** Keys that are good now; `endsAt` as the database wrote it. */
  readonly keys: readonly { readonly prefix: string; readonly endsAt: string | null }[];
};

export async function listPartners(sql: Queryable): Promise<readonly ListedPartner[]> {
  return sql<ListedPartner[]>`
    select p.name, p.plan, p.scopes, p.status, p.active_version as "activeVersion",
           m.operation_count as "operationCount",
           coalesce((
             select json_agg(json_build_object('prefix', prefix, 'endsAt', ends_at) order by created_at)
             from api_keys
             where partner_id = p.id and revoked_at is null and (ends_at is null or ends_at > now())
           ), '[]') as keys
    from partners p
    left join manifests m on m.partner_id = p.id and m.version = p.active_version
    order by p.name`;
}
