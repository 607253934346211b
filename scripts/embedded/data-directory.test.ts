import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DataDirectoryInUse, lockDataDirectory, lockHolder } from './data-directory.ts';
import { processIdentity } from './process-table.ts';

let dataDir = '';

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'ordergraph-lock-'));
});

afterEach(() => rm(dataDir, { recursive: true, force: true }));

const lockFile = (): string => path.join(dataDir, 'ordergraph.pid');

test('the lock file holds the pid alone, and goes with the lock', async () => {
  const lock = await lockDataDirectory(dataDir);
  expect(await readFile(lockFile(), 'utf8')).toBe(`${process.pid}\n`);
  expect(await lockHolder(dataDir)).toBe(process.pid);
  await lock.release();
  expect(await readdir(dataDir)).toEqual([]);
});

test('the data directory is made if there is none', async () => {
  const deeper = path.join(dataDir, 'deeper', 'down');
  await lockDataDirectory(deeper);
  expect(await lockHolder(deeper)).toBe(process.pid);
});

test('a second lock is refused while the holder lives, and names its pid', async () => {
  await lockDataDirectory(dataDir);
  const refused = await lockDataDirectory(dataDir).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(DataDirectoryInUse);
  expect(String(refused)).toContain(`Process ${process.pid} already runs Ordergraph on ${dataDir}`);
});

test("a dead process's lock is taken over", async () => {
  await writeFile(lockFile(), `${await deadPid()}\n`);
  await lockDataDirectory(dataDir);
  expect(await lockHolder(dataDir)).toBe(process.pid);
});

test('a lock whose pid now belongs to another program is taken over', async () => {
  const other = spawn('sleep', ['30']);
  try {
    await writeFile(lockFile(), `${other.pid}\n`);
    expect(await lockHolder(dataDir)).toBeUndefined();
    await lockDataDirectory(dataDir);
  } finally {
    other.kill('SIGKILL');
  }
});

test('a lock whose pid now belongs to another run of the same program is taken over', async () => {
  // As in a container that is started again: the same program, with the same pid.
  await writeFile(lockFile(), `${process.pid}\n`);
  await writeFile(`${lockFile()}.identity`, `${process.pid} an-earlier-boot:4711\n`);
  await lockDataDirectory(dataDir);
  const identity = await readFile(`${lockFile()}.identity`, 'utf8');
  expect(identity).toBe(`${process.pid} ${processIdentity(process.pid)}\n`);
});

test.each(['', 'nonsense', '-1', '0'])('a lock file with %j in it is taken over', async (text) => {
  await writeFile(lockFile(), text);
  await lockDataDirectory(dataDir);
  expect(await lockHolder(dataDir)).toBe(process.pid);
});

test('of many that find a stale lock at once, one gets it', async () => {
  await writeFile(lockFile(), `${await deadPid()}\n`);
  const tries = await Promise.allSettled(
    Array.from({ length: 20 }, () => lockDataDirectory(dataDir)),
  );
  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await lockHolder(dataDir)).toBe(process.pid);
  expect((await readdir(dataDir)).toSorted()).toEqual([
    'ordergraph.pid',
    'ordergraph.pid.identity',
  ]);
});

test('a takeover that was killed half way does not block the next one', async () => {
  await writeFile(lockFile(), `${await deadPid()}\n`);
  await writeFile(`${lockFile()}.takeover`, `${await deadPid()}\n`);
  await lockDataDirectory(dataDir);
  expect(await lockHolder(dataDir)).toBe(process.pid);
});

test("releasing leaves a lock alone that is another's by now", async () => {
  const lock = await lockDataDirectory(dataDir);
  await writeFile(lockFile(), `${process.ppid}\n`);
  await lock.release();
  expect(await readFile(lockFile(), 'utf8')).toBe(`${process.ppid}\n`);
});

async function deadPid(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? Number.NaN;
}
