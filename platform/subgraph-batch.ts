/**
 * Several operations in one call, as a JSON array of requests; the answer is the array of their answers. A router that
 * serves thousands of streams asks for what belongs to their events this way. They are of many callers, so each brings
 * its own signed identity in `extensions.identity`, as the subscriptions on a socket do.
 */
import { fault } from './errors.ts';
import { verifyIdentity } from './identity.ts';
import { asText, newCause, type SubgraphRequest } from './subgraph-request.ts';

/** How many operations one call may have. */
export const batchMax = 1_000;

export type BatchOptions = {
  /** With which the router signs identities. */
  readonly secret: string;
  readonly deadlineMs: number | undefined;
  /** Answers one operation with JSON. */
  readonly answer: (body: unknown, asked: SubgraphRequest) => Promise<string>;
};

/** The answers as JSON, in the order of the operations. */
export async function answerBatch(
  bodies: readonly unknown[],
  { secret, deadlineMs, answer }: BatchOptions,
): Promise<string> {
  const nowMs = Date.now();
  const answers = await Promise.all(
    bodies.map(async (body) => {
      const { identity: signed, traceparent } = extensionsIn(body);
      const identity = verifyIdentity(asText(signed), secret, nowMs);
      if (!identity) return unsigned;
      return answer(body, { identity, cause: newCause(asText(traceparent)), deadlineMs });
    }),
  );
  return `[${answers.join(',')}]`;
}

const unsigned = JSON.stringify({
  errors: [fault('UNAUTHENTICATED', 'This operation is not signed.').toJSON()],
});

function extensionsIn(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body !== 'object' || body === null || !('extensions' in body)) return {};
  const { extensions } = body;
  return typeof extensions === 'object' && extensions !== null ? { ...extensions } : {};
}
