/**
 * Durable idempotency: a key, scoped to its caller, is inserted in the transaction of the change it stands for. The
 * primary key makes a second request wait for the first and then see its result. Keys come from programs, and one in ten
 * long numbers passes for a card's: such a key is not refused, its digest is kept in its place.
 */
import { createHash } from 'node:crypto';
import { mentionsCardNumber } from './card-numbers.ts';
import type { Queryable, Transaction } from './database.ts';

export type IdempotentRequest = {
  /** Who sent it: the scope of the key. */
  readonly caller: string;
  /** 1 to 255 characters, chosen by the caller. */
  readonly key: string;
  /** The command's name and input; the same key with another request is a mistake of the caller. */
  readonly hash: string;
  /** The identifier of what the request would make or change. */
  readonly result: string;
};

/** What a key stands for: this request (`fresh`), an earlier one like it (`replayed`), or an earlier, different one. */
export type KeyClaim =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'replayed'; readonly result: string }
  | { readonly kind: 'reused' };

/** A digest of a command and its input that does not depend on the order of the input's fields. */
export function requestHash(command: string, input: unknown): string {
  return createHash('sha256')
    .update(`${command}\n${canonicalJson(input)}`)
    .digest('base64url');
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(
          Object.entries(inner)
            .filter(([, field]) => field !== undefined && field !== null)
            .toSorted(([a], [b]) => (a < b ? -1 : 1)),
        )
      : inner,
  );
}

/**
 * Claims keys for a batch of requests, in order; the n-th claim answers the n-th request. Of two requests of one batch
 * with the same key the first is fresh. Waits for a concurrent claimant of the same key.
 */
export async function claimKeys(
  tx: Transaction,
  asked: readonly IdempotentRequest[],
): Promise<KeyClaim[]> {
  if (asked.length === 0) return [];
  const requests = asked.map(storable);
  // Inserted in key order, so that two batches with keys in common wait for each other instead of dead-locking.
  const inserted = await tx<KeyRow[]>`
    insert into idempotency_keys (caller, key, request_hash, result)
    select caller, key, hash, result
    from unnest(
      ${requests.map((request) => request.caller)}::text[],
      ${requests.map((request) => request.key)}::text[],
      ${requests.map((request) => request.hash)}::text[],
      ${requests.map((request) => request.result)}::text[]
    ) with ordinality as request (caller, key, hash, result, ordinal)
    order by caller, key, ordinal
    on conflict do nothing
    returning caller, key, request_hash, result`;
  const fresh = new Map(inserted.map((row) => [scoped(row), row]));
  const taken = requests.filter((request) => !fresh.has(scoped(request)));
  const earlier = new Map((await findRows(tx, taken)).map((row) => [scoped(row), row]));
  return requests.map((request) => {
    const row = fresh.get(scoped(request));
    if (row && !earlier.has(scoped(request))) {
      earlier.set(scoped(request), row);
      return { kind: 'fresh' };
    }
    const known = earlier.get(scoped(request));
    if (!known) throw new Error('An idempotency key vanished while it was being claimed');
    return answered(request, known);
  });
}

/** Claims one key. */
export async function claimKey(tx: Transaction, request: IdempotentRequest): Promise<KeyClaim> {
  const [claim] = await claimKeys(tx, [request]);
  if (!claim) throw new Error('A claim has no answer');
  return claim;
}

/** What keys stand for already, without claiming them; undefined where a key is new. */
export async function findKeys(
  sql: Queryable,
  asked: readonly IdempotentRequest[],
): Promise<(KeyClaim | undefined)[]> {
  const requests = asked.map(storable);
  const rows = new Map((await findRows(sql, requests)).map((row) => [scoped(row), row]));
  return requests.map((request) => {
    const row = rows.get(scoped(request));
    return row && answered(request, row);
  });
}

function storable(request: IdempotentRequest): IdempotentRequest {
  if (!mentionsCardNumber(request.key)) return request;
  const digest = createHash('sha256').update(request.key).digest('base64url');
  return { ...request, key: `sha256:${digest}` };
}

type KeyRow = { caller: string; key: string; request_hash: string; result: string };

async function findRows(sql: Queryable, requests: readonly IdempotentRequest[]): Promise<KeyRow[]> {
  if (requests.length === 0) return [];
  return sql<KeyRow[]>`
    select caller, key, request_hash, result
    from idempotency_keys
    join unnest(
      ${requests.map((request) => request.caller)}::text[],
      ${requests.map((request) => request.key)}::text[]
    ) as request (caller, key) using (caller, key)`;
}

function answered(request: IdempotentRequest, row: KeyRow): KeyClaim {
  if (row.request_hash !== request.hash) return { kind: 'reused' };
  return { kind: 'replayed', result: row.result };
}

function scoped({ caller, key }: { caller: string; key: string }): string {
  return JSON.stringify([caller, key]);
}
