/** What Apollo Client makes of the router's multipart subscriptions: every event, every error, and the end. */
import { startTestRouter } from '@ordergraph/router/test/router.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { overApollo } from './apollo-client.ts';

let world: Awaited<ReturnType<typeof startTestRouter>>;
beforeAll(async () => {
  world = await startTestRouter({ STREAM_HEARTBEAT_MS: '50', STREAM_RESUME_MS: '100' });
});
afterAll(() => world.stop());

/** Longer than anything here takes on a busy machine. */
const soon = { timeout: 15_000, interval: 5 };
let orders = 0;
const watch = () => ({
  query: 'subscription ($id: ID!) { orderStatusChanged(orderId: $id) { cursor padding } }',
  variables: { id: `order-${(orders += 1)}` },
});
const change = (cursor: string, padding: string) => ({
  orderStatusChanged: { cursor, status: 'PLACED', order: { id: '1' }, padding },
});
async function expectSubscriptions(count: number): Promise<void> {
  await expect.poll(() => world.order.subscriptions(), soon).toBe(count);
}

test('it gets each event between heartbeats, whole and in order, and the end', async () => {
  const stream = overApollo(world.url, watch());
  await expectSubscriptions(1);
  const paddings = ['x', '', '\r\n--graphql--\r\n', 'ü\u2028"😀', 'x'.repeat(200_000), '{}'];
  for (const [i, padding] of paddings.entries()) {
    world.order.publish(change(`${i}`, padding));
    await expect.poll(() => stream.results.length, soon).toBe(i + 1);
  }
  expect(stream.results).toMatchObject(
    paddings.map((padding, i) => ({ data: { orderStatusChanged: { cursor: `${i}`, padding } } })),
  );
  expect(stream.end).toBeUndefined();
  world.order.complete();
  await expect.poll(() => stream.end, soon).toBe('complete');
});

test('a stream that fails tells it the code and the last cursor', async () => {
  const stream = overApollo(world.url, watch());
  await expectSubscriptions(1);
  world.order.publish(change('old', 'x'));
  await expect.poll(() => stream.results, soon).toHaveLength(1);
  world.order.cutSockets();
  await expect
    .poll(() => stream.end, soon)
    .toMatchObject([{ extensions: { code: 'CURSOR_EXPIRED', cursor: 'old' } }]);
});

test.each([
  ['is not valid', 'subscription { nothing }', {}, 'GRAPHQL_VALIDATION_FAILED'],
  ['lacks a variable', watch().query, {}, 'BAD_USER_INPUT'],
  ['brings a wrong token', watch().query, { authorization: 'Bearer x' }, 'UNAUTHENTICATED'],
])('one that %s is refused with a code that it can read', async (_what, query, headers, code) => {
  const stream = overApollo(world.url, { query, variables: {} }, headers);
  await expect.poll(() => stream.end, soon).toMatchObject([{ extensions: { code } }]);
  expect(stream.results).toEqual([]);
});

test('one that leaves ends its subscription', async () => {
  const stream = overApollo(world.url, watch());
  await expectSubscriptions(1);
  stream.stop();
  await expect.poll(() => world.order.subscriptions(), soon).toBe(0);
});
