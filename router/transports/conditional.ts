/**
 * Answers to GET that a client may keep for itself and ask about again: `ETag`, and 304 for one that it has. Nobody between
 * may keep them, as what is in them may depend on who asks; what is refused is kept by nobody.
 */
import { createHash } from 'node:crypto';
import type { HttpAnswer } from './http-answer.ts';

/** What an answer may depend on besides the address. */
const vary = 'origin, accept, authorization, x-api-key';

/**
 * @param type the answer's media type: another one is another representation
 * @param known the tags of answers that the client has, as `If-None-Match` has them
 */
export function conditionalAnswer(
  { text, type }: { readonly text: string; readonly type: string },
  known: string | undefined,
): HttpAnswer {
  const tag = `"${createHash('sha256').update(`${type}\n${text}`).digest('base64url')}"`;
  const headers = { 'cache-control': 'private, no-cache', etag: tag, vary };
  if (names(known, tag)) return { status: 304, headers, text: '' };
  return { status: 200, headers: { ...headers, 'content-type': type }, text };
}

/** Whether a list of tags names one; whether they are weak does not matter for reading. */
function names(given: string | undefined, tag: string): boolean {
  return (given ?? '').split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}
