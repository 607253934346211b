/**
 * Any order of readers coming and going, changes, and connections lost at either side: each reader sees the versions of its
 * key from where it began, each once and in order, and the end of the log in the end.
 */
import * as fc from 'fast-check';
import type { Client } from 'graphql-ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { overSocket, socketClient, type Received } from '../test/clients.ts';
import { startLogSubgraphs } from '../test/log-subgraphs.ts';
import { startRouterOver } from '../test/router.ts';

let subgraphs: Awaited<ReturnType<typeof startLogSubgraphs>>;
let world: Awaited<ReturnType<typeof startRouterOver>>;
let authorization: string;

beforeAll(async () => {
  subgraphs = await startLogSubgraphs();
  world = await startRouterOver(subgraphs.supergraphSdl, {
    STREAM_RESUME_MS: '20000',
    BATCHING_SUBGRAPHS: 'labels',
  });
  authorization = `Bearer ${await world.tokens.token()}`;
});
afterAll(async () => {
  await world.stop();
  await subgraphs.stop();
});

const query = `subscription ($key: ID!, $after: String) {
  changed(key: $key, after: $after) { cursor version snapshot item { label } }
}`;

type Change = { cursor: string; version: number; snapshot: boolean; item: { label: string } };

/** One reader, over as many connections as it takes: cut off, it continues behind the last cursor that it saw. */
class Reader {
  readonly key: string;
  readonly changes: Change[] = [];
  readonly faults: string[] = [];
  #client: Client;
  #stream: Received;

  constructor(key: string) {
    this.key = key;
    [this.#client, this.#stream] = this.#connect();
  }

  reconnect(): void {
    this.#stream.stop();
    void this.#client.dispose();
    [this.#client, this.#stream] = this.#connect();
  }

  leave(): void {
    this.look();
    this.#stream.stop();
    void this.#client.dispose();
  }

  /** Takes what has come. */
  look(): void {
    for (const result of this.#stream.results.splice(0)) {
      const { data } = result as { data?: { changed: Change } | null };
      if (data) this.changes.push(data.changed);
      else this.faults.push(JSON.stringify(result));
    }
    const { end } = this.#stream;
    if (end === undefined || end === 'complete') return;
    // A stream that is lost before its first event says so: nobody knows what it would have missed.
    if (this.changes.length === 0 && codeIn(end) === 'SERVICE_UNAVAILABLE') this.reconnect();
    else this.faults.push(JSON.stringify(end));
  }

  #connect(): [Client, Received] {
    const client = socketClient(world.url, { Authorization: authorization });
    const after = this.changes.at(-1)?.cursor;
    return [client, overSocket(client, { query, variables: { key: this.key, after } })];
  }
}

function codeIn(end: unknown): unknown {
  const [error] = Array.isArray(end) ? end : [];
  return error?.extensions?.code;
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), key: fc.nat(1) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('join' as const), key: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('leave' as const), reader: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('reconnect' as const), reader: fc.nat(9) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hold' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('turns' as const), count: fc.nat(40) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

let runs = 0;

async function play(steps: readonly Step[]): Promise<void> {
  const run = (runs += 1);
  const readers: Reader[] = [];
  const left: Reader[] = [];
  const versions = [0, 0];
  const keyOf = (key: number): string => `run${run}-${key}`;
  let release: () => void = () => undefined;
  const append = (key: number): void => {
    versions[key] = subgraphs.log.append(keyOf(key));
  };
  for (const one of steps) {
    if (one.kind === 'append') append(one.key);
    if (one.kind === 'join') readers.push(new Reader(keyOf(one.key)));
    if (one.kind === 'leave') {
      for (const reader of readers.splice(one.reader, 1)) {
        reader.leave();
        left.push(reader);
      }
    }
    if (one.kind === 'reconnect') {
      readers[one.reader]?.look();
      readers[one.reader]?.reconnect();
    }
    if (one.kind === 'cut') subgraphs.log.cutSockets();
    if (one.kind === 'hold') {
      release();
      const held = Promise.withResolvers<void>();
      subgraphs.log.hold = held.promise;
      release = held.resolve;
    }
    if (one.kind === 'release') release();
    if (one.kind === 'turns') await turns(one.count);
  }
  release();
  subgraphs.log.hold = undefined;
  for (const key of versions.keys()) append(key);
  const last = (reader: Reader): number | undefined => {
    reader.look();
    return reader.changes.at(-1)?.version;
  };
  for (const reader of readers) {
    const end = versions[Number(reader.key.at(-1))];
    await expect.poll(() => last(reader), { timeout: 20_000, interval: 5 }).toBe(end);
  }
  for (const reader of readers) reader.leave();
  for (const { key, changes, faults } of [...readers, ...left]) {
    expect(faults).toEqual([]);
    const from = changes[0]?.version ?? 0;
    expect(changes).toEqual(
      changes.map((_, i) => ({
        cursor: `${key}:${from + i}`,
        version: from + i,
        snapshot: i === 0,
        item: { label: `label of ${key}:${from + i}` },
      })),
    );
  }
  await expect.poll(() => subgraphs.log.open(), { timeout: 20_000, interval: 5 }).toBe(0);
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

test('no reader misses, repeats or reorders anything, whatever happens in whatever order', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), play), {
    numRuns: 40,
    endOnFailure: true,
  });
}, 240_000);
