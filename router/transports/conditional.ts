/**
 * Answers to GET that a client may keep for itself and ask about again: `ETag`, and 304 for one that it has. Nobody between
 * may keep them, as what is in them may depend on who asks; what is refused is kept by nobody.
 */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** What an answer may depend on besides the address. */
const vary = 'origin, accept, authorization, x-api-key';

/** @param type the answer's media type: another one is another representation */
export function sendConditional(
  request: FastifyRequest,
  reply: FastifyReply,
  { text, type }: { readonly text: string; readonly type: string },
): FastifyReply {
  const tag = `"${createHash('sha256').update(`${type}\n${text}`).digest('base64url')}"`;
  void reply.headers({ 'cache-control': 'private, no-cache', etag: tag, vary });
  if (names(request.headers['if-none-match'], tag)) return reply.code(304).send();
  return reply.type(type).send(text);
}

/** Whether a list of tags names one; whether they are weak does not matter for reading. */
function names(given: string | undefined, tag: string): boolean {
  return (given ?? '').split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}
