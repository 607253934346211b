/** Published manifests: written once, never changed. Which of them is served is the partner's `active_version`. */
import type { Database, Queryable, Transaction } from '@ordergraph/platform/database.ts';
import { changePartner, PartnerRefused } from './partners.ts';

export type PublishedOperation = {
  readonly id: string;
  readonly name: string;
  readonly type: 'query' | 'mutation' | 'subscription';
  readonly text: string;
};

/** `types` as `schema/manifests/recorded-types.ts` wants them, by schema coordinate. */
export type NewOperation = PublishedOperation & {
  readonly types: Readonly<Record<string, string>>;
};

export type Publication = {
  readonly version: number;
  /** False if what is served is the same already; nothing was written then. */
  readonly changed: boolean;
  /** Names of operations that were served before and are no longer. */
  readonly dropped: readonly string[];
};

/** Stores a manifest and serves it in place of the present one, both or neither. */
export async function publish(
  sql: Database,
  name: string,
  manifest: { readonly form: string; readonly operations: readonly NewOperation[] },
): Promise<Publication> {
  return changePartner(sql, name, async (tx, { id, activeVersion }) => {
    const present = await tx<StoredOperation[]>`
      select id, name, text, types from operations
      where partner_id = ${id} and version = ${activeVersion} order by name`;
    const { operations } = manifest;
    if (activeVersion !== null && sameOperations(present, operations)) {
      return { version: activeVersion, changed: false, dropped: [] };
    }
    const [row] = await tx<{ version: number }[]>`
      insert into manifests (partner_id, version, form, operation_count, previous_version)
      select ${id}, coalesce(max(version), 0) + 1, ${manifest.form}, ${operations.length}, ${activeVersion}
      from manifests where partner_id = ${id}
      returning version`;
    const version = row?.version ?? 1;
    await insertOperations(tx, { partnerId: id, version }, operations);
    await serve(tx, id, version);
    const ids = new Set(operations.map((operation) => operation.id));
    const dropped = present.filter((operation) => !ids.has(operation.id));
    return { version, changed: true, dropped: dropped.map((operation) => operation.name) };
  });
}

/**
 * Serves an earlier version again: the one before the present, unless told which.
 * @throws PartnerRefused if there is none such
 */
export async function rollBack(
  sql: Database,
  name: string,
  version?: number,
): Promise<{ readonly from: number | null; readonly to: number }> {
  return changePartner(sql, name, async (tx, { id, activeVersion }) => {
    const [found] = await tx<{ version: number }[]>`
      select m.version from manifests m
      where m.partner_id = ${id} and m.version = coalesce(${version ?? null}::int, (
        select previous_version from manifests where partner_id = ${id} and version = ${activeVersion}))`;
    if (!found) {
      throw new PartnerRefused(
        version === undefined
          ? `${name} has no earlier version to go back to.`
          : `${name} has no version ${version}.`,
      );
    }
    await serve(tx, id, found.version);
    return { from: activeVersion, to: found.version };
  });
}

export type ListedManifest = {
  readonly version: number;
  readonly form: string;
  readonly operationCount: number;
  readonly publishedAt: Date;
  readonly active: boolean;
};

export async function listManifests(sql: Queryable, partnerId: string) {
  return sql<ListedManifest[]>`
    select m.version, m.form, m.operation_count as "operationCount",
           m.published_at as "publishedAt", m.version is not distinct from p.active_version as active
    from manifests m join partners p on p.id = m.partner_id
    where m.partner_id = ${partnerId} order by m.version desc`;
}

/** What a version serves. */
export async function operationsOf(
  sql: Queryable,
  partnerId: string,
  version: number,
): Promise<readonly PublishedOperation[]> {
  return sql<PublishedOperation[]>`
    select id, name, type, text from operations
    where partner_id = ${partnerId} and version = ${version} order by name, id`;
}

export type ServedOperation = PublishedOperation & {
  readonly partner: string;
  readonly types: Readonly<Record<string, string>>;
};

/** All operations that partners may run at present. */
export async function servedOperations(sql: Queryable): Promise<readonly ServedOperation[]> {
  const rows = await sql<(Omit<ServedOperation, 'types'> & { types: string })[]>`
    select p.name as partner, o.id, o.name, o.type, o.text, o.types
    from partners p
    join operations o on o.partner_id = p.id and o.version = p.active_version
    where p.status = 'ACTIVE' order by p.name, o.name, o.id`;
  return rows.map((row) => ({
    ...row,
    types: JSON.parse(row.types) as ServedOperation['types'],
  }));
}

async function insertOperations(
  tx: Transaction,
  { partnerId, version }: { partnerId: string; version: number },
  operations: readonly NewOperation[],
): Promise<void> {
  await tx`
    insert into operations (partner_id, version, id, name, type, text, types)
    select ${partnerId}, ${version}, * from unnest(
      ${operations.map(({ id }) => id)}::text[],
      ${operations.map(({ name }) => name)}::text[],
      ${operations.map(({ type }) => type)}::text[],
      ${operations.map(({ text }) => text)}::text[],
      ${operations.map(({ types }) => JSON.stringify(types))}::text[])`;
}

async function serve(tx: Transaction, partnerId: string, version: number): Promise<void> {
  await tx`update partners set active_version = ${version} where id = ${partnerId}`;
}

type StoredOperation = {
  readonly id: string;
  readonly name: string;
  readonly text: string;
  readonly types: string;
};

function sameOperations(
  stored: readonly StoredOperation[],
  operations: readonly NewOperation[],
): boolean {
  const known = new Map(stored.map((operation) => [operation.id, operation]));
  return (
    stored.length === operations.length &&
    operations.every(({ id, text, types }) => {
      const one = known.get(id);
      return one?.text === text && one.types === JSON.stringify(types);
    })
  );
}
