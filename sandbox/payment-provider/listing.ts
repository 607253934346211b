import { json, problem, type Answer } from './answer.ts';
import { accept, refuse, type Result } from './problem.ts';

export const pageSizeMax = 1000;
export const pageSizeDefault = 100;

/** A whole number from 1 to `max` in the query, or the fallback when it is not there. */
export function parseCount(
  query: URLSearchParams,
  name: string,
  { fallback, max }: { fallback: number; max: number },
): Result<number> {
  const text = query.get(name);
  if (text === null) return accept(fallback);
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= max) return accept(count);
  return refuse(400, 'invalid_request', `${name} must be an integer from 1 to ${max}.`, name);
}

type Listed = { readonly id: string };

const list = (data: readonly Listed[], hasMore: boolean): Answer =>
  json(200, {
    object: 'list',
    data,
    hasMore,
    nextAfter: hasMore ? (data.at(-1)?.id ?? null) : null,
  });

/** Answers `?idempotencyKey=` with a list of none or one, and otherwise a page in order of creation. */
export function listed(
  query: URLSearchParams,
  byKey: (key: string) => Listed | undefined,
  pageAfter: (id: string | undefined, limit: number) => readonly Listed[] | undefined,
): Answer {
  const key = query.get('idempotencyKey');
  if (key !== null) {
    const match = byKey(key);
    return list(match === undefined ? [] : [match], false);
  }
  const limit = parseCount(query, 'limit', { fallback: pageSizeDefault, max: pageSizeMax });
  if (!limit.ok) return problem(limit.problem);
  const page = pageAfter(query.get('after') ?? undefined, limit.value + 1);
  if (page === undefined) {
    return problem({
      status: 400,
      code: 'invalid_cursor',
      message: 'after must be an id of this list.',
      param: 'after',
    });
  }
  return list(page.slice(0, limit.value), page.length > limit.value);
}
