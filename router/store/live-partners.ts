/** Partners as routers know them: read at every change. */
import type { Queryable } from '@ordergraph/platform/database.ts';

export type LiveKey = {
  readonly prefix: string;
  readonly hash: string;
  /** How long it is still good, by the database's clock; null for a key without an end. */
  readonly endsInMs: number | null;
};

export type LivePartner = {
  readonly id: string;
  readonly name: string;
  readonly plan: string;
  readonly scopes: readonly string[];
  readonly activeVersion: number | null;
  /** None if the partner is revoked. */
  readonly keys: readonly LiveKey[];
};

export type PartnerChanges = {
  readonly revision: number;
  /** Whether these are all partners: `since` was a revision that the database does not have, after a restore. */
  readonly all: boolean;
  readonly partners: readonly LivePartner[];
};

/** Partners that changed after a revision, in one statement and so as of one moment. */
export async function partnerChanges(sql: Queryable, since: number): Promise<PartnerChanges> {
  const rows = await sql<{ revision: number; all: boolean; partner: LivePartner | null }[]>`
    with now_at as (select coalesce(max(revision), 0) as revision from partner_revision),
      base as (select revision, case when revision < ${since} then 0 else ${since} end as since from now_at)
    select base.revision, base.since = 0 as all, changed.partner
    from base
    left join lateral (
      select json_build_object(
        'id', p.id, 'name', p.name, 'plan', p.plan, 'scopes', p.scopes,
        'activeVersion', p.active_version,
        'keys', coalesce((
          select json_agg(json_build_object(
            'prefix', k.prefix, 'hash', k.hash,
            'endsInMs', floor(extract(epoch from k.ends_at - clock_timestamp()) * 1000)))
          from api_keys k
          where k.partner_id = p.id and p.status = 'ACTIVE' and k.revoked_at is null
            and (k.ends_at is null or k.ends_at > clock_timestamp())
        ), '[]')) as partner
      from partners p
      where p.revision > base.since
    ) changed on true`;
  const [first] = rows;
  return {
    revision: first?.revision ?? 0,
    all: first?.all ?? true,
    partners: rows.flatMap(({ partner }) => partner ?? []),
  };
}
