/**
 * Answers to GET that a client may keep and ask about again: `ETag`, and 304 for one that it has. Those between may keep what
 * is for everybody, for as long as it is good, and nothing else; what is refused is kept by nobody. Answers to POST are
 * kept by nobody either: what was asked is not in their address.
 */
import { createHash } from 'node:crypto';
import type { HttpAnswer } from './http-answer.ts';

/** What an answer may depend on besides the address. Whoever shows credentials is never given what others were, nor they theirs. */
const vary = 'origin, accept, authorization, x-api-key';

export type ConditionalAnswer = {
  readonly text: string;
  /** The media type: another one is another representation. */
  readonly type: string;
  /** For how long everybody may be given it; undefined if it is only for the one who asked. */
  readonly publicForMs: number | undefined;
};

/**
 * @param known the tags of answers that the client has, as `If-None-Match` has them
 */
export function conditionalAnswer(
  { text, type, publicForMs = 0 }: ConditionalAnswer,
  known: string | undefined,
): HttpAnswer {
  const tag = `"${createHash('sha256').update(`${type}\n${text}`).digest('base64url')}"`;
  const seconds = Math.floor(publicForMs / 1000);
  const keeping = seconds > 0 ? `public, max-age=${seconds}` : 'private, no-cache';
  const headers = { 'cache-control': keeping, etag: tag, vary };
  if (names(known, tag)) return { status: 304, headers, text: '' };
  return { status: 200, headers: { ...headers, 'content-type': type }, text };
}

/** Whether a list of tags names one; whether they are weak does not matter for reading. */
function names(given: string | undefined, tag: string): boolean {
  return (given ?? '').split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}
