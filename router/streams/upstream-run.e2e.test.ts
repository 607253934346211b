/** Each cell of the table in upstream-run.ts and each rule of topic.ts, through a running router. */
import { GraphQLError } from 'graphql';
import type { Client } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { overSocket, overSse, socketClient, type Received } from '../test/clients.ts';
import { startLogSubgraphs } from '../test/log-subgraphs.ts';
import { startRouterOver } from '../test/router.ts';

let subgraphs: Awaited<ReturnType<typeof startLogSubgraphs>>;
let world: Awaited<ReturnType<typeof startRouterOver>>;
const clients: Client[] = [];
const watches: Received[] = [];

beforeAll(async () => {
  subgraphs = await startLogSubgraphs();
  world = await startRouterOver(subgraphs.supergraphSdl, { STREAM_RESUME_MS: '3000' });
});
afterEach(async () => {
  for (const each of watches.splice(0)) each.stop();
  await expectOpen(0);
  for (const client of clients.splice(0)) await client.dispose();
  subgraphs.log.begins.length = 0;
});
afterAll(async () => {
  await world.stop();
  await subgraphs.stop();
});

/** Longer than anything here takes on a busy machine. */
const soon = { timeout: 15_000, interval: 5 };

async function expectOpen(count: number): Promise<void> {
  await expect.poll(() => subgraphs.log.open(), soon).toBe(count);
}

const changed = `subscription ($key: ID!, $after: String) {
  changed(key: $key, after: $after) { cursor version snapshot item { label } }
}`;
const news =
  'subscription ($after: String) { changed: news(after: $after) { cursor item { label } } }';

async function watch(
  variables: { key?: string; after?: string | null },
  { query = changed, subject = 'alice' } = {},
): Promise<Received> {
  const token = await world.tokens.token({ sub: subject });
  const client = socketClient(world.url, { Authorization: `Bearer ${token}` });
  clients.push(client);
  const received = overSocket(client, { query, variables });
  watches.push(received);
  return received;
}

type Change = { cursor: string; version?: number; snapshot?: boolean; item: { label: string } };

function changesOf({ results }: Received): Change[] {
  return results.map((result) => (result as { data: { changed: Change } }).data.changed);
}

function cursorsOf(received: Received): string[] {
  return changesOf(received).map(({ cursor }) => cursor);
}

const fails = (code: string, more: object = {}) => [
  { message: expect.any(String), extensions: { code, ...more } },
];
const keys = (function* () {
  for (let i = 1; ; i += 1) yield `key-${i}`;
})();
const newKey = (): string => keys.next().value ?? '';

test('who asks for the same as another gets a snapshot of its own, and then the same events from one subscription', async () => {
  const key = newKey();
  subgraphs.log.append(key);
  const first = await watch({ key });
  await expect.poll(() => cursorsOf(first), soon).toEqual([`${key}:1`]);
  const second = await watch({ key });
  await expect.poll(() => cursorsOf(second), soon).toEqual([`${key}:1`]);
  expect(subgraphs.log.begins).toHaveLength(2);
  // They stand at the same cursor: one serves both.
  await expectOpen(1);
  subgraphs.labels.calls.length = 0;
  subgraphs.log.append(key);
  for (const each of [first, second]) {
    await expect.poll(() => cursorsOf(each), soon).toEqual([`${key}:1`, `${key}:2`]);
    expect(changesOf(each).map(({ snapshot }) => snapshot)).toEqual([true, false]);
  }
  expect(subgraphs.labels.calls).toHaveLength(1);
});

test('the one that stays when the first reader leaves goes on', async () => {
  const key = newKey();
  const first = await watch({ key });
  await expect.poll(() => first.results.length, soon).toBe(1);
  const second = await watch({ key });
  await expect.poll(() => second.results.length, soon).toBe(1);
  await expectOpen(1);
  first.stop();
  subgraphs.log.append(key);
  await expect.poll(() => cursorsOf(second), soon).toEqual([`${key}:0`, `${key}:1`]);
  second.stop();
  await expectOpen(0);
});

test('who joins before the subscription is sent shares it from the begin', async () => {
  const key = newKey();
  await subgraphs.log.kill();
  const token = await world.tokens.token();
  await subgraphs.log.restart();
  const client = socketClient(world.url, { Authorization: `Bearer ${token}` });
  clients.push(client);
  const both = [1, 2].map(() => overSocket(client, { query: changed, variables: { key } }));
  watches.push(...both);
  for (const each of both) await expect.poll(() => cursorsOf(each), soon).toEqual([`${key}:0`]);
  expect(subgraphs.log.begins).toHaveLength(1);
});

test.each([
  ['another caller', { subject: 'bob' }, (key: string) => ({ key })],
  ['other variables', {}, () => ({ key: newKey() })],
  [
    'another selection at the subgraph',
    { query: changed.replace(' snapshot', '') },
    (key: string) => ({ key }),
  ],
])('nothing is shared with %s', async (_what, how, variables) => {
  const key = newKey();
  const first = await watch({ key });
  const other = await watch(variables(key), how);
  await expect
    .poll(() => [first, other].map(({ results }) => results.length), soon)
    .toEqual([1, 1]);
  expect(subgraphs.log.open()).toBe(2);
});

test('another selection of the rest shares the subscription, and gets its own answers', async () => {
  const key = newKey();
  const first = await watch({ key });
  await expect.poll(() => first.results.length, soon).toBe(1);
  const other = await watch({ key }, { query: changed.replace('label', 'name: label') });
  await expectOpen(1);
  subgraphs.log.append(key);
  await expect
    .poll(() => other.results.at(-1), soon)
    .toMatchObject({
      data: { changed: { item: { name: `label of ${key}:1` } } },
    });
  await expect
    .poll(() => first.results.at(-1), soon)
    .toMatchObject({
      data: { changed: { item: { label: `label of ${key}:1` } } },
    });
});

test('who continues behind the cursor at which a subscription stands joins it without another', async () => {
  const key = newKey();
  const first = await watch({ key });
  await expect.poll(() => first.results.length, soon).toBe(1);
  const second = await watch({ key, after: `${key}:0` });
  // Nothing comes for it yet; a query on the same connection tells that it has begun.
  await answered(second);
  subgraphs.log.append(key);
  for (const each of [first, second]) {
    await expect.poll(() => cursorsOf(each).at(-1), soon).toBe(`${key}:1`);
  }
  expect(second.results).toHaveLength(1);
  expect(subgraphs.log.begins).toHaveLength(1);
});

test('who continues behind an older cursor catches up, and then shares', async () => {
  const key = newKey();
  for (let i = 0; i < 3; i += 1) subgraphs.log.append(key);
  const first = await watch({ key });
  await expect.poll(() => first.results.length, soon).toBe(1);
  const second = await watch({ key, after: `${key}:1` });
  await expect.poll(() => cursorsOf(second), soon).toEqual([`${key}:2`, `${key}:3`]);
  await expectOpen(1);
  subgraphs.log.append(key);
  await expect.poll(() => cursorsOf(second), soon).toEqual([2, 3, 4].map((v) => `${key}:${v}`));
  await expect.poll(() => cursorsOf(first), soon).toEqual([`${key}:3`, `${key}:4`]);
});

test('streams without a snapshot become one with their first event', async () => {
  const both = [await watch({}, { query: news })];
  await expectOpen(1);
  both.push(await watch({}, { query: news }));
  await expectOpen(2);
  subgraphs.log.append('told-1');
  for (const each of both) await expect.poll(() => each.results.length, soon).toBe(1);
  await expectOpen(1);
  subgraphs.log.append('told-2');
  for (const each of both) await expect.poll(() => each.results.length, soon).toBe(2);
  const [one, other] = both.map(cursorsOf);
  expect(one).toEqual(other);
});

test('begun with a position: a lost connection is taken up again behind it, with all that came meanwhile', async () => {
  const key = newKey();
  const stream = await watch({ key });
  await expect.poll(() => stream.results.length, soon).toBe(1);
  await subgraphs.log.kill();
  for (let i = 0; i < 5; i += 1) subgraphs.log.append(key);
  await subgraphs.log.restart();
  const all = [0, 1, 2, 3, 4, 5].map((version) => `${key}:${version}`);
  await expect.poll(() => cursorsOf(stream), soon).toEqual(all);
  expect(subgraphs.log.begins.map(({ after }) => after)).toEqual([undefined, `${key}:0`]);
  expect(stream.end).toBeUndefined();
});

test('begun behind a cursor, before any event: it is taken up again behind the same', async () => {
  const key = newKey();
  subgraphs.log.append(key);
  const stream = await watch({ key, after: `${key}:1` });
  await expectOpen(1);
  subgraphs.log.cutSockets();
  await expect.poll(() => subgraphs.log.begins.length, soon).toBe(2);
  subgraphs.log.append(key);
  await expect.poll(() => cursorsOf(stream), soon).toEqual([`${key}:2`]);
});

test('begun without a position: a lost connection ends it with an error, as nobody knows what it missed', async () => {
  const stream = await watch({}, { query: news });
  await expectOpen(1);
  subgraphs.log.cutSockets();
  await expect
    .poll(() => stream.end, soon)
    .toEqual(fails('SERVICE_UNAVAILABLE', { service: 'log' }));
  expect(subgraphs.log.begins).toHaveLength(1);
});

test('begun: a completion is passed on behind the events before it', async () => {
  const key = newKey();
  const stream = await watch({ key });
  await expect.poll(() => stream.results.length, soon).toBe(1);
  subgraphs.log.append(key);
  subgraphs.log.complete();
  await expect.poll(() => stream.end, soon).toBe('complete');
  expect(cursorsOf(stream)).toEqual([`${key}:0`, `${key}:1`]);
});

test('new: a subgraph that is not there fails it at once', async () => {
  await subgraphs.log.kill();
  const stream = await watch({ key: newKey() });
  await expect
    .poll(() => stream.end, soon)
    .toEqual(fails('SERVICE_UNAVAILABLE', { service: 'log' }));
  await subgraphs.log.restart();
  const again = await watch({ key: newKey() });
  await expect.poll(() => again.results.length, soon).toBe(1);
});

test('begun: a refusal ends it with its code, and the last cursor if there is one', async () => {
  const expired = new GraphQLError('Too old.', { extensions: { code: 'CURSOR_EXPIRED' } });
  subgraphs.log.refusal = expired;
  const early = await watch({ key: newKey() });
  await expect.poll(() => early.end, soon).toMatchObject(fails('CURSOR_EXPIRED'));
  subgraphs.log.refusal = undefined;
  const key = newKey();
  const late = await watch({ key });
  await expect.poll(() => late.results.length, soon).toBe(1);
  subgraphs.log.refusal = expired;
  subgraphs.log.cutSockets();
  await expect
    .poll(() => late.end, soon)
    .toMatchObject([{ extensions: { code: 'CURSOR_EXPIRED', cursor: `${key}:0` } }]);
  subgraphs.log.refusal = undefined;
});

test('resuming: a subgraph that is back before its database is asked again until it can', async () => {
  const key = newKey();
  const stream = await watch({ key });
  await expect.poll(() => stream.results.length, soon).toBe(1);
  subgraphs.log.refusal = new GraphQLError('Not yet.', {
    extensions: { code: 'SERVICE_UNAVAILABLE' },
  });
  subgraphs.log.cutSockets();
  subgraphs.log.append(key);
  await expect.poll(() => subgraphs.log.begins.length, soon).toBeGreaterThan(3);
  subgraphs.log.refusal = undefined;
  await expect.poll(() => cursorsOf(stream), soon).toEqual([`${key}:0`, `${key}:1`]);
});

test('new: one that is refused as unavailable is told so', async () => {
  subgraphs.log.refusal = new GraphQLError('Not yet.', {
    extensions: { code: 'SERVICE_UNAVAILABLE' },
  });
  const stream = await watch({ key: newKey() });
  await expect.poll(() => stream.end, soon).toMatchObject(fails('SERVICE_UNAVAILABLE'));
  expect(subgraphs.log.begins).toHaveLength(1);
  subgraphs.log.refusal = undefined;
});

test('resuming: a subgraph that stays away ends it after a bounded time, with the last cursor', async () => {
  const key = newKey();
  const stream = await watch({ key });
  await expect.poll(() => stream.results.length, soon).toBe(1);
  await subgraphs.log.kill();
  await expect
    .poll(() => stream.end, soon)
    .toEqual(fails('SERVICE_UNAVAILABLE', { service: 'log', cursor: `${key}:0` }));
  await subgraphs.log.restart();
  const again = await watch({ key, after: `${key}:0` });
  await expectOpen(1);
  subgraphs.log.append(key);
  await expect.poll(() => cursorsOf(again), soon).toEqual([`${key}:1`]);
});

test('resuming: a reader that leaves meanwhile is not subscribed again', async () => {
  const stream = await watch({ key: newKey() });
  const other = await watch({ key: newKey() });
  await expect
    .poll(() => [stream, other].map(({ results }) => results.length), soon)
    .toEqual([1, 1]);
  await subgraphs.log.kill();
  stream.stop();
  await answered(stream);
  subgraphs.log.begins.length = 0;
  await subgraphs.log.restart();
  await expectOpen(1);
  expect(subgraphs.log.begins).toHaveLength(1);
});

test('resuming: one that comes to the place of another that is away goes on for both', async () => {
  const key = newKey();
  const first = await watch({ key });
  await expect.poll(() => first.results.length, soon).toBe(1);
  const held = Promise.withResolvers<void>();
  subgraphs.log.hold = held.promise;
  await subgraphs.log.kill();
  await subgraphs.log.restart();
  const second = await watch({ key });
  await expect.poll(() => subgraphs.log.begins.length, soon).toBe(3);
  subgraphs.log.hold = undefined;
  held.resolve();
  await expect.poll(() => second.results.length, soon).toBe(1);
  subgraphs.log.append(key);
  for (const each of [first, second]) {
    await expect.poll(() => cursorsOf(each), soon).toEqual([`${key}:0`, `${key}:1`]);
  }
  await expectOpen(1);
});

test('Last-Event-ID, "after" in the text and "after" in a variable begin at the same place', async () => {
  const key = newKey();
  for (let i = 0; i < 2; i += 1) subgraphs.log.append(key);
  const inText = changed.replace('$after: String', '').replace('$after', `"${key}:1"`);
  for (const [variables, query] of [
    [{ key }, inText],
    [{ key, after: `${key}:1` }, changed],
  ] as const) {
    const stream = await watch(variables, { query });
    await expect.poll(() => cursorsOf(stream), soon).toEqual([`${key}:2`]);
    stream.stop();
  }
  expect(subgraphs.log.begins.map(({ after }) => after)).toEqual([`${key}:1`, `${key}:1`]);
});

test('Last-Event-ID is read as browsers send it, in UTF-8', async () => {
  const key = `${newKey()}-ü€😀`;
  for (let i = 0; i < 3; i += 1) subgraphs.log.append(key);
  const id = Buffer.from(`${key}:2`).toString('latin1');
  const operation = { query: changed, variables: { key } };
  const received = overSse(world.url, operation, { 'last-event-id': id });
  watches.push(received);
  await expect.poll(() => cursorsOf(received), soon).toEqual([`${key}:3`]);
  expect(subgraphs.log.begins.at(-1)?.after).toBe(`${key}:2`);
});

test('a null for "after" reaches the subgraph as a null', async () => {
  const key = newKey();
  const stream = await watch({ key, after: null });
  await expect.poll(() => cursorsOf(stream), soon).toEqual([`${key}:0`]);
  expect(subgraphs.log.begins.map(({ after }) => after)).toEqual([null]);
});

/** Resolves when the router has read all that this client has sent. */
async function answered(stream: Received): Promise<void> {
  const client = clients[watches.indexOf(stream)];
  if (!client) throw new Error('every stream has a client');
  const asked = overSocket(client, { query: '{ __typename }' });
  await expect.poll(() => asked.end, soon).toBe('complete');
}
