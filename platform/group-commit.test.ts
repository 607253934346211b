import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { GroupCommit } from './group-commit.ts';

const batchOf = (
  run: (items: readonly number[]) => Promise<readonly string[]>,
  queueMax?: number,
) =>
  new GroupCommit<number, string>({
    run,
    batchMax: 4,
    concurrency: 2,
    ...(queueMax === undefined ? {} : { queueMax }),
  });

test('requests of one moment share batches, and each gets its own result', async () => {
  const batches: number[][] = [];
  const group = batchOf(async (items) => {
    batches.push([...items]);
    return items.map(String);
  });
  const results = await Promise.all([1, 2, 3, 4, 5, 6, 7].map((item) => group.submit(item)));
  expect(results).toEqual(['1', '2', '3', '4', '5', '6', '7']);
  expect(batches).toEqual([
    [1, 2, 3, 4],
    [5, 6, 7],
  ]);
});

test('a bad request does not take its neighbours along', async () => {
  const group = batchOf(async (items) => {
    if (items.includes(3)) throw new Error('three');
    return items.map(String);
  });
  const settled = await Promise.allSettled([1, 2, 3, 4].map((item) => group.submit(item)));
  expect(settled.map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
  ]);
});

test('a database that is away fails the batch at once, without a try for each request', async () => {
  let runs = 0;
  const group = batchOf(async () => {
    runs += 1;
    throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
  });
  const settled = await Promise.allSettled([1, 2, 3].map((item) => group.submit(item)));
  expect(settled.every(({ status }) => status === 'rejected')).toBe(true);
  expect(runs).toBe(1);
});

test('collisions are tried again, three times', async () => {
  let left = 3;
  let runs = 0;
  const group = batchOf(async (items) => {
    runs += 1;
    left -= 1;
    if (left >= 0) throw Object.assign(new Error('dead-lock'), { code: '40P01' });
    return items.map(String);
  });
  expect(await group.submit(1)).toBe('1');
  left = 100;
  runs = 0;
  await expect(group.submit(2)).rejects.toThrow('dead-lock');
  expect(runs).toBe(4);
});

test('the queue is bounded, and drains again', async () => {
  const group = batchOf(async (items) => items.map(String), 5);
  const submitted = Array.from({ length: 8 }, (_, i) => group.submit(i));
  const settled = await Promise.allSettled(submitted);
  const refused = settled.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(3);
  expect(refused[0]).toMatchObject({ reason: { extensions: { code: 'SERVICE_UNAVAILABLE' } } });
  expect(await group.submit(9)).toBe('9');
});

test('a batch without enough results rejects those who got none', async () => {
  const group = batchOf(async (items) => items.slice(1).map(String));
  const settled = await Promise.allSettled([1, 2].map((item) => group.submit(item)));
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
});

test('whatever fails, every request is answered once, by its own result or its own error', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 40 }), async (good) => {
      const group = batchOf(async (items) => {
        await Promise.resolve();
        const bad = items.find((item) => !good[item]);
        if (bad !== undefined) throw new Error(`item ${bad}`);
        return items.map(String);
      });
      const settled = await Promise.allSettled(good.map((_, i) => group.submit(i)));
      settled.forEach((result, i) => {
        expect(result).toMatchObject(
          good[i] ? { value: String(i) } : { reason: { message: `item ${i}` } },
        );
      });
    }),
  );
});
