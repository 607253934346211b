/** What belongs to the events of one moment goes to a subgraph as one call, if it takes such calls. */
import { verifyIdentity } from '@ordergraph/platform/identity.ts';
import type { Client } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { isRecord } from '../request.ts';
import { overSocket, socketClient, type Received } from '../test/clients.ts';
import { startLogSubgraphs } from '../test/log-subgraphs.ts';
import { startRouterOver } from '../test/router.ts';
import { secret } from '../test/subgraphs.ts';

let subgraphs: Awaited<ReturnType<typeof startLogSubgraphs>>;
let world: Awaited<ReturnType<typeof startRouterOver>>;
const clients: Client[] = [];

beforeAll(async () => {
  subgraphs = await startLogSubgraphs();
  world = await startRouterOver(subgraphs.supergraphSdl, { BATCHING_SUBGRAPHS: 'labels' });
});
afterEach(async () => {
  subgraphs.labels.answer = undefined;
  for (const client of clients.splice(0)) await client.dispose();
});
afterAll(async () => {
  await world.stop();
  await subgraphs.stop();
});

/** Longer than anything here takes on a busy machine. */
const soon = { timeout: 15_000, interval: 5 };
const query = 'subscription ($key: ID!) { changed(key: $key) { version item { label } } }';
const operationSchema = z.object({
  extensions: z.object({ identity: z.string() }),
  variables: z.object({ representations: z.tuple([z.object({ id: z.string() })]) }),
});
const names = Array.from({ length: 40 }, (_, i) => `caller-${i}`);

/** A stream for each caller, of a key of its own, which has brought its snapshot. */
async function streams(run: string, url = world.url): Promise<Received[]> {
  const all = await Promise.all(
    names.map(async (name) => {
      const token = await world.tokens.token({ sub: name });
      const client = socketClient(url, { Authorization: `Bearer ${token}` });
      clients.push(client);
      return overSocket(client, { query, variables: { key: `${run}-${name}` } });
    }),
  );
  for (const { results } of all) await expect.poll(() => results.length, soon).toBe(1);
  subgraphs.labels.calls.length = 0;
  return all;
}

function appendToAll(run: string): void {
  for (const name of names) subgraphs.log.append(`${run}-${name}`);
}

const labelled = (run: string, name: string, version: number) => ({
  data: { changed: { version, item: { label: `label of ${run}-${name}:${version}` } } },
});

test('events of one moment cost one call, in which each operation has its own caller', async () => {
  const all = await streams('together');
  appendToAll('together');
  for (const [i, { results }] of all.entries()) {
    const name = names[i] ?? '';
    await expect.poll(() => results[1], soon).toEqual(labelled('together', name, 1));
  }
  const { calls } = subgraphs.labels;
  // How the socket is read decides where a moment ends.
  expect(calls.length).toBeLessThan(names.length / 4);
  const operations = calls.flatMap(({ body }) => z.array(operationSchema).parse(body));
  expect(operations).toHaveLength(names.length);
  const callers = Object.fromEntries(
    operations.map(({ extensions, variables }) => {
      const [{ id }] = variables.representations;
      return [verifyIdentity(extensions.identity, secret, Date.now())?.subject, id];
    }),
  );
  expect(callers).toEqual(Object.fromEntries(names.map((name) => [name, `together-${name}:1`])));
});

test('a subgraph that is not said to take such calls gets one for each event, signed for its caller', async () => {
  const router = await world.start({ BATCHING_SUBGRAPHS: '' });
  const all = await streams('apart', router.url);
  appendToAll('apart');
  for (const { results } of all) await expect.poll(() => results.length, soon).toBe(2);
  const { calls } = subgraphs.labels;
  expect(calls).toHaveLength(names.length);
  expect(new Set(calls.map(({ identity }) => identity))).toEqual(new Set(names));
  expect(calls.every(({ body }) => isRecord(body))).toBe(true);
  await router.stop();
});

test.each([
  ['no JSON', 'dead'],
  ['no list', '{"data":{}}'],
  ['a list that is too short', '[{"data":{"_entities":[{"label":"x"}]}}]'],
  ['a list of rubbish', `[${names.map(() => 7).join()}]`],
])(
  'a call that is answered by %s nulls the edge of each event, and the streams go on',
  async (_what, answer) => {
    const run = `broken-${answer.length}`;
    const all = await streams(run);
    subgraphs.labels.answer = answer;
    appendToAll(run);
    for (const { results } of all) await expect.poll(() => results.length, soon).toBe(2);
    subgraphs.labels.answer = undefined;
    appendToAll(run);
    for (const [i, { results }] of all.entries()) {
      await expect.poll(() => results[2], soon).toEqual(labelled(run, names[i] ?? '', 2));
      expect(results[1]).toMatchObject({ errors: [{ extensions: { service: 'labels' } }] });
    }
  },
);

test('an operation that fails in a call fails for its own event only', async () => {
  const token = await world.tokens.token();
  const client = socketClient(world.url, { Authorization: `Bearer ${token}` });
  clients.push(client);
  const watch = (key: string) => overSocket(client, { query, variables: { key } });
  const [fine, nameless] = [watch('fine'), watch('nameless')];
  await expect.poll(() => [fine.results.length, nameless.results.length], soon).toEqual([1, 1]);
  for (const key of ['fine', 'nameless']) subgraphs.log.append(key);
  await expect
    .poll(() => fine.results[1], soon)
    .toEqual({ data: { changed: { version: 1, item: { label: 'label of fine:1' } } } });
  await expect
    .poll(() => nameless.results[1], soon)
    .toMatchObject({ errors: [{ path: ['changed', 'item', 'label'] }] });
});
