/** What clients use: counted by routers, read by people before they change the schema. */
import type { Queryable } from '@ordergraph/platform/database.ts';

export type UsageRow = {
  /** In UTC, as 2026-11-22. */
  readonly day: string;
  /** Empty for clients that are no partner. */
  readonly partner: string;
  readonly client: string;
  readonly digest: string;
  readonly name: string;
  readonly type: string;
  /** Schema coordinates. */
  readonly fields: readonly string[];
  readonly requests: number;
};

/** Adds rows, which have no two of one day, partner, client and digest. */
export async function addUsage(sql: Queryable, rows: readonly UsageRow[]): Promise<void> {
  await sql`
    with added as (
      select * from json_to_recordset(${JSON.stringify(rows)}::text::json)
        as row(day date, partner text, client text, digest text, name text, type text, fields json, requests bigint)
    ), described as (
      insert into used_operations (digest, name, type, fields)
      select distinct on (digest) digest, name, type, array(select json_array_elements_text(fields))
      from added order by digest
      on conflict (digest) do nothing
    )
    insert into usage (day, partner, client, digest, requests, last_used_at)
    select day, partner, client, digest, requests, now() from added where requests > 0
    order by digest, day, partner, client
    on conflict (partner, day, client, digest)
      do update set requests = usage.requests + excluded.requests, last_used_at = excluded.last_used_at`;
}

const keptDays = 400;

/** Adds rows at each call, and once a day forgets what is old. */
export function usageStore(sql: Queryable): (rows: readonly UsageRow[]) => Promise<void> {
  let today: string | undefined;
  return async (rows) => {
    await addUsage(sql, rows);
    const day = rows[0]?.day;
    if (day === today) return;
    today = day;
    // The rows are in: were this to fail, they must not be written again.
    await forgetUsage(sql, keptDays).catch(() => undefined);
  };
}

/** Forgets what is older than a number of days. */
export async function forgetUsage(sql: Queryable, days: number): Promise<void> {
  await sql`delete from usage where day < current_date - ${days}::int`;
  await sql`
    delete from used_operations o
    where first_used_at < now() - make_interval(days => ${days})
      and not exists (select from usage where digest = o.digest)`;
}

export type UsedOperation = {
  readonly digest: string;
  readonly name: string;
  readonly type: string;
  readonly requests: number;
  readonly lastUsedAt: Date;
};

/** The operations that a partner ran within so many days, the most used first. */
export async function operationsUsedBy(sql: Queryable, partner: string, days: number) {
  return sql<UsedOperation[]>`
    select digest, name, type, sum(requests)::bigint as requests, max(last_used_at) as "lastUsedAt"
    from usage join used_operations using (digest)
    where partner = ${partner} and day > current_date - ${days}::int
    group by digest, name, type order by requests desc, name`;
}

export type UsedField = {
  readonly field: string;
  readonly requests: number;
  readonly operations: readonly string[];
};

/** The fields and arguments that a partner's operations used within so many days. */
export async function fieldsUsedBy(sql: Queryable, partner: string, days: number) {
  return sql<UsedField[]>`
    select field, sum(requests)::bigint as requests, array_agg(distinct name order by name) as operations
    from usage join used_operations using (digest), unnest(fields) as field
    where partner = ${partner} and day > current_date - ${days}::int
    group by field order by field`;
}

export type FieldUser = {
  readonly partner: string;
  readonly client: string;
  readonly name: string;
  readonly requests: number;
  readonly lastUsedAt: Date;
};

/** Who used a field within so many days, and by which operation. */
export async function usersOfField(sql: Queryable, field: string, days: number) {
  return sql<FieldUser[]>`
    select partner, client, name, sum(requests)::bigint as requests, max(last_used_at) as "lastUsedAt"
    from usage join used_operations using (digest)
    where fields @> ${[field]} and day > current_date - ${days}::int
    group by partner, client, name order by requests desc, partner, client, name`;
}
