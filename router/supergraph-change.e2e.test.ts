/** Another supergraph while operations and streams are under way: what changes, and what nobody notices. */
import { rename, writeFile } from 'node:fs/promises';
import type { Client } from 'graphql-ws';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { overSocket, overSse, socketClient, type Received } from './test/clients.ts';
import { startLogSubgraphs } from './test/log-subgraphs.ts';
import { post, send, startRouterOver } from './test/router.ts';

let subgraphs: Awaited<ReturnType<typeof startLogSubgraphs>>;
let world: Awaited<ReturnType<typeof startRouterOver>>;
let client: Client;
const watches: Received[] = [];

beforeEach(async () => {
  subgraphs = await startLogSubgraphs();
  world = await startRouterOver(subgraphs.supergraphSdl, {
    SUPERGRAPH_POLL_MS: '0',
    STREAM_QUEUE_MAX: '50',
  });
  client = socketClient(world.url);
});
afterEach(async () => {
  for (const each of watches.splice(0)) each.stop();
  await client.dispose();
  await world.stop();
  await subgraphs.stop();
});

const soon = { timeout: 15_000, interval: 5 };
const changed = `subscription ($key: ID!, $after: String) {
  changed(key: $key, after: $after) { cursor item { label } }
}`;
const inFragment = `subscription ($key: ID!) { ...All }
  fragment All on Subscription { changed(key: $key) { version item { label } } }`;

function watch(key: string, query = changed): Received {
  const received = overSocket(client, { query, variables: { key } });
  watches.push(received);
  return received;
}

function cursorsOf({ results }: Received): string[] {
  return results.map(
    (result) => (result as { data: { changed: { cursor: string } } }).data.changed.cursor,
  );
}

async function countsOf(name: string): Promise<Record<string, number>> {
  const { text } = await send(world.url.replace('/graphql', '/metrics'), { method: 'GET' });
  const rows = text.matchAll(new RegExp(`^${name}\\{\\w+="(\\w+)"\\} (\\d+)$`, 'gm'));
  return Object.fromEntries([...rows].map(([, label, count]) => [label, Number(count)]));
}

/** A stream in the middle of its life. */
async function begun(key: string): Promise<Received> {
  const stream = watch(key);
  await expect.poll(() => stream.results.length, soon).toBe(1);
  subgraphs.log.append(key);
  await expect.poll(() => cursorsOf(stream), soon).toEqual([`${key}:0`, `${key}:1`]);
  return stream;
}

async function goesOn(stream: Received, key: string): Promise<void> {
  subgraphs.log.append(key);
  subgraphs.log.append(key);
  await expect
    .poll(() => cursorsOf(stream), soon)
    .toEqual([0, 1, 2, 3].map((version) => `${key}:${version}`));
  expect(stream.results.at(-1)).toEqual({
    data: { changed: { cursor: `${key}:3`, item: { label: `label of ${key}:3` } } },
  });
  expect(stream.end).toBeUndefined();
}

test('a new field can be asked for, and a stream that does not concern it stays with its source', async () => {
  const stream = await begun('a');
  await world.change(
    subgraphs.supergraph({ labels: (sdl) => sdl.replace('labels:', 'colours: Boolean labels:') }),
  );
  expect((await post(world.url, '{ colours }')).body).toEqual({ data: { colours: null } });
  await goesOn(stream, 'a');
  expect(subgraphs.log.begins).toHaveLength(1);
  expect(await countsOf('router_streams_moved_total')).toEqual({ stayed: 1 });
  expect(await countsOf('router_supergraph_changes_total')).toEqual({ changed: 1 });
});

test('a stream whose subgraph is at another address goes on there, behind its last event', async () => {
  const stream = await begun('b');
  const other = watch('b');
  await expect.poll(() => other.results.length, soon).toBe(1);
  await world.change(
    subgraphs.supergraph({ logUrl: subgraphs.log.url.replace('127.0.0.1', 'localhost') }),
  );
  await goesOn(stream, 'b');
  await expect.poll(() => cursorsOf(other), soon).toEqual(['b:1', 'b:2', 'b:3']);
  expect(subgraphs.log.begins.slice(2).map(({ after }) => after)).toEqual(['b:1']);
  await expect.poll(() => subgraphs.log.open(), soon).toBe(1);
  expect(await countsOf('router_streams_moved_total')).toEqual({ resumed: 2 });
});

test('a stream whose rest comes from another subgraph goes on by the new plan', async () => {
  const stream = await begun('c');
  await world.change(subgraphs.supergraph({ labelsName: 'names' }));
  await goesOn(stream, 'c');
  expect(await countsOf('router_streams_moved_total')).toEqual({ resumed: 1 });
});

test('events that come while the supergraph changes again and again are given once and in order', async () => {
  const streams = await Promise.all(['d', 'e', 'f'].map(begun));
  let version = 1;
  for (let round = 0; round < 6; round += 1) {
    const changing = world.change(
      subgraphs.supergraph({
        labelsName: round % 2 === 0 ? 'names' : 'labels',
        ...(round % 3 === 0 ? { logUrl: subgraphs.log.url.replace('127.0.0.1', 'localhost') } : {}),
      }),
    );
    for (let i = 0; i < 20; i += 1) {
      for (const key of ['d', 'e', 'f']) subgraphs.log.append(key);
      version += 1;
      await new Promise(setImmediate);
    }
    await changing;
  }
  for (const [i, key] of ['d', 'e', 'f'].entries()) {
    const expected = Array.from({ length: version + 1 }, (_, at) => `${key}:${at}`);
    await expect.poll(() => cursorsOf(streams[i] ?? watch(key)), soon).toEqual(expected);
  }
});

test('a stream that asks for what is gone ends with what its client would be told, and its cursor', async () => {
  const stream = await begun('g');
  const unconcerned = watch('g', 'subscription { changed: news { cursor } }');
  await expect.poll(() => subgraphs.log.open(), soon).toBe(2);
  await world.change(
    subgraphs.supergraph({ labels: (sdl) => sdl.replace('label: String!', 'name: String') }),
  );
  await expect
    .poll(() => stream.end, soon)
    .toEqual([
      {
        message: expect.stringContaining('label'),
        locations: expect.any(Array),
        extensions: { code: 'GRAPHQL_VALIDATION_FAILED', cursor: 'g:1' },
      },
    ]);
  subgraphs.log.append('g');
  await expect.poll(() => unconcerned.results.length, soon).toBe(1);
  expect(unconcerned.end).toBeUndefined();
});

test('a stream whose field asks for rights that its caller has not ends', async () => {
  const stream = await begun('h');
  await world.change(
    subgraphs.supergraph({
      labels: (sdl) =>
        sdl
          .replace('["@key"]', '["@key", "@authenticated"]')
          .replace('label: String!', 'label: String! @authenticated'),
    }),
  );
  await expect
    .poll(() => stream.end, soon)
    .toEqual([
      expect.objectContaining({ extensions: { code: 'SERVICE_UNAVAILABLE', cursor: 'h:1' } }),
    ]);
});

test('a stream without cursors ends when it would have to begin anew elsewhere', async () => {
  const stream = watch('i', inFragment);
  await expect.poll(() => stream.results.length, soon).toBe(1);
  await world.change(subgraphs.supergraph({ labelsName: 'names' }));
  await expect
    .poll(() => stream.end, soon)
    .toEqual([expect.objectContaining({ extensions: { code: 'SERVICE_UNAVAILABLE' } })]);
});

test('a file that is no supergraph changes nothing, and the next good one is served', async () => {
  const stream = await begun('j');
  await world.change('type Query { broken: Boolean');
  await world.change(subgraphs.supergraphSdl.replaceAll(/url: "[^"]*:\d+\/graphql"/g, 'url: ""'));
  expect(await countsOf('router_supergraph_changes_total')).toEqual({ failed: 2 });
  expect((await post(world.url, '{ labels }')).body).toEqual({ data: { labels: null } });
  await goesOn(stream, 'j');
  await world.change(
    subgraphs.supergraph({ labels: (sdl) => sdl.replace('labels:', 'colours: Boolean labels:') }),
  );
  expect((await post(world.url, '{ colours }')).body).toEqual({ data: { colours: null } });
});

test('a query that is under way is finished by the supergraph that it began with', async () => {
  const held = Promise.withResolvers<void>();
  subgraphs.labels.hold = held.promise;
  const answer = post(world.url, '{ labels }');
  await expect.poll(() => subgraphs.labels.calls.length, soon).toBe(1);
  await world.change(
    subgraphs.supergraph({ labelsName: 'names', labels: (sdl) => sdl.replace('labels:', 'no:') }),
  );
  expect((await post(world.url, '{ labels }')).status).toBe(400);
  held.resolve();
  expect((await answer).body).toEqual({ data: { labels: null } });
});

test('what is asked most is planned before the change, so that the first to ask it does not wait', async () => {
  await post(world.url, '{ keys }');
  await post(world.url, 'query ($no: Boolean!) { keys @skip(if: $no) labels }', {
    variables: { no: true },
  });
  await world.change(subgraphs.supergraph({ labelsName: 'names' }));
  const line = world.lines.find((text) => text.includes('another supergraph is served'));
  expect(JSON.parse(line ?? '{}')).toMatchObject({ warmed: 2 });
});

test('the file is watched: replacing it is enough, over every transport', async () => {
  const watching = await world.start({ SUPERGRAPH_POLL_MS: '20' });
  const sse = overSse(watching.url, { query: changed, variables: { key: 'k' } });
  watches.push(sse);
  await expect.poll(() => sse.results.length, soon).toBe(1);
  await writeFile(`${world.supergraphFile}.new`, subgraphs.supergraph({ labelsName: 'names' }));
  await rename(`${world.supergraphFile}.new`, world.supergraphFile);
  await expect
    .poll(() => world.lines.some((line) => line.includes('another supergraph is served')), soon)
    .toBe(true);
  subgraphs.log.append('k');
  await expect.poll(() => cursorsOf(sse), soon).toEqual(['k:0', 'k:1']);
  sse.stop();
  await watching.stop();
});
