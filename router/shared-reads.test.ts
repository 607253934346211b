/** Identical queries share a run, and nobody is given what was read before something that they know of. */
import { getOperationAST, parse } from 'graphql';
import { expect, test } from 'vitest';
import type { Execution } from './executor.ts';
import type { PlannedOperation } from './operations.ts';
import type { RequestContext } from './request.ts';
import type { OperationResult } from './result.ts';
import { SharedReads } from './shared-reads.ts';
import { traceFrom } from './trace.ts';

function operation(text: string): PlannedOperation {
  const document = parse(text);
  const node = getOperationAST(document);
  if (!node) throw new Error('the document has an operation');
  const plan = { kind: 'QueryPlan' } as const;
  return { name: undefined, type: node.operation, document, node, stream: undefined, plan };
}

const query = operation('query ($id: ID) { a(id: $id) }');

type Asked = {
  readonly operation?: PlannedOperation;
  readonly variables?: Execution['variables'];
  readonly subject?: string | null;
  readonly scopes?: readonly string[];
  readonly context?: Partial<RequestContext>;
};

/** Reads over an executor that answers when it is told to; results carry the number of their run. */
function world() {
  const runs: { readonly execution: Execution; readonly answer: (fails?: Error) => void }[] = [];
  let joined = 0;
  const reads = new SharedReads(() => (joined += 1));
  const executor = reads.over({
    execute(execution) {
      const { promise, resolve, reject } = Promise.withResolvers<OperationResult>();
      const data = String(runs.length + 1);
      runs.push({
        execution,
        answer: (fails) => (fails ? reject(fails) : resolve({ data, errors: [] })),
      });
      return promise;
    },
  });
  const ask = (asked: Asked = {}) =>
    executor.execute({
      operation: asked.operation ?? query,
      variables: asked.variables ?? { id: '1' },
      context: {
        caller: {
          identity: {
            subject: asked.subject === undefined ? 'alice' : asked.subject,
            role: 'customer',
            scopes: [...(asked.scopes ?? [])],
          },
          expiresAtMs: null,
        },
        trace: traceFrom(undefined),
        deadlineMs: 15_000,
        signal: undefined,
        ...asked.context,
      },
    });
  return { runs, reads, ask, joined: () => joined };
}

const dataOf = async (results: readonly Promise<OperationResult>[]) =>
  (await Promise.all(results)).map(({ data }) => data);

test('identical queries that are under way together are one, and later ones are another', async () => {
  const { runs, ask, joined } = world();
  const together = [ask(), ask(), ask()];
  runs[0]?.answer();
  expect(await dataOf(together)).toEqual(['1', '1', '1']);
  expect(joined()).toBe(2);
  const later = ask();
  runs[1]?.answer();
  expect(await dataOf([later])).toEqual(['2']);
});

test.each<[string, Asked]>([
  ['operations', { operation: operation('{ a }') }],
  ['variables', { variables: { id: '2' } }],
  ['callers', { subject: 'bob' }],
  ['callers, one of whom is nobody', { subject: null }],
  ['rights', { scopes: ['a:read'] }],
])('queries that differ in their %s share nothing', (_what, other) => {
  const { runs, ask } = world();
  void ask();
  void ask(other);
  expect(runs).toHaveLength(2);
});

test('mutations are all run', () => {
  const { runs, ask } = world();
  const write = operation('mutation { a }');
  void ask({ operation: write });
  void ask({ operation: write });
  expect(runs).toHaveLength(2);
});

test('who has seen a change is not answered by what was read before, others are', async () => {
  const { runs, reads, ask } = world();
  const before = [ask(), ask({ subject: 'bob' })];
  reads.seen({ subject: 'alice', role: 'customer', scopes: ['another:token'] });
  const after = [ask(), ask({ subject: 'bob' })];
  expect(runs).toHaveLength(3);
  for (const { answer } of runs) answer();
  expect(await dataOf([...before, ...after])).toEqual(['1', '2', '3', '2']);
});

test('the end of one that takes nobody in any more leaves the next one alone', async () => {
  const { runs, reads, ask } = world();
  const first = ask();
  reads.seen({ subject: 'alice', role: 'customer', scopes: [] });
  const second = ask();
  runs[0]?.answer();
  await first;
  const third = ask();
  runs[1]?.answer();
  expect(await dataOf([second, third])).toEqual(['2', '2']);
});

test('a failure is shared, and not kept', async () => {
  const { runs, ask } = world();
  const together = [ask(), ask()];
  runs[0]?.answer(new Error('a bug'));
  const ends = await Promise.allSettled(together);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const later = ask();
  runs[1]?.answer();
  expect(await dataOf([later])).toEqual(['2']);
});

test('one that may be given up much earlier is not joined', () => {
  const { runs, ask } = world();
  void ask();
  void ask({ context: { deadlineMs: 15_999 } });
  void ask({ context: { deadlineMs: 16_000 } });
  expect(runs).toHaveLength(2);
});

test('a query is given up when all who wait for it have gone, and then not joined', () => {
  const { runs, ask } = world();
  const signals = [{ aborted: false }, { aborted: false }];
  for (const signal of signals) void ask({ context: { signal } });
  const given = () => runs[0]?.execution.context.signal?.aborted;
  const gone: unknown[] = [given()];
  for (const signal of signals) {
    signal.aborted = true;
    gone.push(given());
  }
  expect(gone).toEqual([false, false, true]);
  void ask();
  expect(runs).toHaveLength(2);
});
