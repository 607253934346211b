/** What a client of a real subgraph makes of whatever comes, or does not come, back. */
import { anonymous } from '@ordergraph/platform/identity.ts';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { RequestContext } from './request.ts';
import type { Verdict } from './resilience/calling.ts';
import { createSubgraphClient, type SubgraphAnswer } from './subgraph-requests.ts';
import { secret, startSubgraphs, type Behaviour } from './test/subgraphs.ts';
import { traceFrom } from './trace.ts';

let subgraphs: Awaited<ReturnType<typeof startSubgraphs>>;
beforeAll(async () => {
  subgraphs = await startSubgraphs();
});
afterAll(() => Promise.all([subgraphs.order.stop(), subgraphs.payment.stop()]));
beforeEach(() => {
  subgraphs.order.seen.length = 0;
  subgraphs.order.behaviour = { kind: 'serve' };
});

const timeoutMs = 400;
const answerLimitBytes = 1_000;
const body = JSON.stringify({ query: '{ order(id: "1") { id } }' });

/** Calls once; what came of it, and what it is taken to say of the subgraph: undefined for an answer. */
async function called(context: Partial<RequestContext> = {}, address = subgraphs.order.url) {
  let verdict: Verdict | undefined;
  const outcomes: string[] = [];
  const client = createSubgraphClient(
    { name: 'order', url: new URL(address) },
    {
      secret,
      timeoutMs,
      answerLimitBytes,
      observe: (_, outcome) => outcomes.push(outcome),
      guard: (_, attempt) => (call, ended) =>
        attempt(call, (reply) => {
          verdict = 'verdict' in reply ? reply.verdict : undefined;
          ended(reply);
        }),
    },
  );
  const answer: SubgraphAnswer = await client.send(
    body,
    {
      caller: { identity: anonymous, expiresAtMs: null },
      trace: traceFrom(undefined),
      deadlineMs: Date.now() + 60_000,
      signal: undefined,
      ...context,
    },
    'read',
  );
  await client.close();
  return { code: answer.kind === 'failure' ? answer.code : 'answer', verdict, outcomes };
}

const unavailable = 'SERVICE_UNAVAILABLE';
const html = (status: number): Behaviour => ({ kind: 'answer', status, body: '<h1>no</h1>' });
const answers = (text: string, status = 200): Behaviour => ({ kind: 'answer', status, body: text });

const behaviours: readonly [string, Behaviour, code: string, verdict: Verdict | undefined][] = [
  ['serves', { kind: 'serve' }, 'answer', undefined],
  ['serves with errors', answers('{"errors":[{"message":"no"}]}'), 'answer', undefined],
  [
    'serves with errors and 503',
    answers('{"errors":[{"message":"no"}]}', 503),
    'answer',
    undefined,
  ],
  ['loses its connection', { kind: 'reset' }, unavailable, 'passing'],
  ['says 502', html(502), unavailable, 'passing'],
  ['says 503', html(503), unavailable, 'passing'],
  ['says 504', html(504), unavailable, 'passing'],
  ['says 500', html(500), unavailable, 'failing'],
  ['says 413', html(413), unavailable, 'nothing'],
  ['says 429', html(429), unavailable, 'nothing'],
  ['says nothing that is JSON', html(200), unavailable, 'failing'],
  ['says nothing that is GraphQL', answers('{"data":7}'), unavailable, 'failing'],
  ['says too much', answers(`"${'x'.repeat(answerLimitBytes)}"`), unavailable, 'nothing'],
  ['hangs', { kind: 'hang' }, 'TIMEOUT', 'failing'],
  ['drips', { kind: 'drip' }, 'TIMEOUT', 'failing'],
];

test.each(behaviours)('a subgraph that %s', async (_, behaviour, code, verdict) => {
  subgraphs.order.behaviour = behaviour;
  expect(await called()).toEqual({ code, verdict, outcomes: [code] });
});

test('a subgraph that does not listen', async () => {
  expect(await called({}, 'http://127.0.0.1:9/graphql')).toMatchObject({
    code: unavailable,
    verdict: 'passing',
  });
});

test('a call that gets little time because its operation has used it up says nothing of the subgraph', async () => {
  subgraphs.order.behaviour = { kind: 'hang' };
  const cut = await called({ deadlineMs: Date.now() + timeoutMs / 4 });
  expect(cut).toEqual({ code: 'TIMEOUT', verdict: 'nothing', outcomes: ['TIMEOUT'] });
});

test('a call whose operation is out of time is not sent', async () => {
  const late = await called({ deadlineMs: Date.now() - 1 });
  expect(late).toEqual({ code: 'TIMEOUT', verdict: 'nothing', outcomes: [] });
  expect(subgraphs.order.seen).toEqual([]);
});

test('a caller who goes away ends the call and says nothing of the subgraph', async () => {
  subgraphs.order.behaviour = { kind: 'hang' };
  const left = await called({ signal: { aborted: true } });
  expect(left).toEqual({ code: unavailable, verdict: 'nothing', outcomes: ['abandoned'] });
});
