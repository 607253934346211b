/**
 * A subgraph's client that sends what is asked of it at the same time as one call. Events of thousands of streams come
 * together, in the pieces in which their socket is read; so does what belongs to them, at the end of the turn, whoever the
 * callers are. A subgraph that takes one operation at a time is asked as ever.
 */
import type { RequestContext } from '../request.ts';
import type { CallKind } from '../resilience/calling.ts';
import type { SubgraphAnswer, SubgraphCall, SubgraphClient } from '../subgraph-requests.ts';

type Waiting = SubgraphCall & { readonly answered: (answer: SubgraphAnswer) => void };

/** How many go in one call, and how long they may be together, in characters. */
const batchMax = 256;
const batchCharactersMax = 1024 * 1024;

export function batchedCalls(client: SubgraphClient): SubgraphClient {
  const { sendBatch } = client;
  if (!sendBatch) return client;
  let waiting: Waiting[] = [];

  const sendAll = (): void => {
    const all = waiting;
    waiting = [];
    for (const batch of batchesOf(all)) void send(batch);
  };
  const send = async (batch: readonly Waiting[]): Promise<void> => {
    const [only] = batch;
    const answers =
      batch.length === 1 && only
        ? [await client.send(only.body, only.context, only.kind)]
        : await sendBatch(batch);
    for (const [i, { answered }] of batch.entries()) {
      answered(answers[i] ?? { kind: 'failure', code: 'SERVICE_UNAVAILABLE' });
    }
  };

  return {
    ...client,
    send: (body: string, context: RequestContext, kind: CallKind) =>
      new Promise((answered) => {
        if (waiting.length === 0) setImmediate(sendAll);
        waiting.push({ body, context, kind, answered });
        // What is enough for a call does not wait for the rest of a long turn.
        if (waiting.length === batchMax) sendAll();
      }),
  };
}

function batchesOf(waiting: readonly Waiting[]): readonly (readonly Waiting[])[] {
  const batches: Waiting[][] = [];
  let last: Waiting[] = [];
  let length = 0;
  for (const one of waiting) {
    if (
      last.length === 0 ||
      last.length >= batchMax ||
      length + one.body.length > batchCharactersMax
    ) {
      batches.push((last = []));
      length = 0;
    }
    last.push(one);
    length += one.body.length;
  }
  return batches;
}
