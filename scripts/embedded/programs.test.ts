import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { explanation, ProgramMissing } from './program-missing.ts';
import {
  checkSha512,
  programOnPath,
  unpackedOnce,
  versionIn,
  versionIsAtLeast,
} from './programs.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ordergraph-programs-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

test.each([
  ['postgres (PostgreSQL) 18.4', '18.4'],
  ['postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)', '15.18'],
  ['postgres (PostgreSQL) 19beta1', '19'],
  ['nats-server: v2.14.0', '2.14.0'],
  ['nats-server: v2.11.0-RC.2', '2.11.0'],
  ['Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=d1f1', '7.0.15'],
  ['Valkey server v=8.1.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64', '8.1.1'],
  ['no version here', undefined],
])('the version in %j is %j', (text, version) => {
  expect(versionIn(text)).toBe(version);
});

test.each([
  ['2.10', '2.10', true],
  ['2.10.1', '2.10', true],
  ['2.9.25', '2.10', false],
  ['3.0', '2.10', true],
  ['15.18', '16', false],
  ['16', '16', true],
  ['7.0.15', '7', true],
  ['6.0.16', '7', false],
])('version %s is at least %s: %s', (version, minimum, expected) => {
  expect(versionIsAtLeast(version, minimum)).toBe(expected);
});

test('a file with another checksum than the pinned one is refused', async () => {
  const file = path.join(folder, 'package.tgz');
  await writeFile(file, 'ordergraph');
  const sha512 = new Uint8Array(await crypto.subtle.digest('SHA-512', Buffer.from('ordergraph')));
  await checkSha512(file, Buffer.from(sha512).toString('base64'));
  await writeFile(file, 'ordergrapf');
  await expect(checkSha512(file, Buffer.from(sha512).toString('base64'))).rejects.toThrow(
    /package.tgz has the checksum sha512-.*, expected sha512-/,
  );
});

test('what many unpack at once is whole for each of them, and nothing is left over', async () => {
  const directories = await Promise.all(
    Array.from({ length: 8 }, () =>
      unpackedOnce(folder, 'program-1.0', async (unfinished) => {
        await writeFile(path.join(unfinished, 'first'), '1');
        await delay(5);
        await writeFile(path.join(unfinished, 'second'), '2');
      }).then(async (directory) => ({ directory, files: await readdir(directory) })),
    ),
  );
  for (const { directory, files } of directories) {
    expect(directory).toBe(path.join(folder, 'program-1.0'));
    expect(files.toSorted()).toEqual(['first', 'second']);
  }
  expect(await readdir(folder)).toEqual(['program-1.0']);
});

test('unpacking that fails leaves nothing, and is tried again the next time', async () => {
  const failing = unpackedOnce(folder, 'program', () => Promise.reject(new Error('no network')));
  await expect(failing).rejects.toThrow('no network');
  expect(await readdir(folder)).toEqual([]);
  const directory = await unpackedOnce(folder, 'program', (unfinished) =>
    writeFile(path.join(unfinished, 'file'), 'here'),
  );
  expect(await readFile(path.join(directory, 'file'), 'utf8')).toBe('here');
});

test('what a killed unpacking has left is removed once it is old', async () => {
  const old = path.join(folder, '.unpacking-old');
  const recent = path.join(folder, '.unpacking-recent');
  await mkdir(old);
  await mkdir(recent);
  const hourAgoSeconds = Date.now() / 1000 - 3600;
  await utimes(old, hourAgoSeconds, hourAgoSeconds);
  await unpackedOnce(folder, 'program', () => Promise.resolve());
  expect([existsSync(old), existsSync(recent)]).toEqual([false, true]);
});

test('an old program on PATH is passed over for a newer one further on, and is told of', async () => {
  const [older, newer] = [
    await programSaying('nats-server: v2.9.25'),
    await programSaying('nats-server: v2.12.1'),
  ];
  vi.stubEnv('PATH', `${older}:/nowhere:relative:${newer}:${process.env['PATH']}`);
  const refused: string[] = [];
  const program = await programOnPath('fake-server', '2.10', refused);
  expect(program).toMatchObject({ file: path.join(newer, 'fake-server'), version: '2.12.1' });
  expect(refused).toEqual([`${path.join(older, 'fake-server')} is 2.9.25, older than 2.10`]);
});

test('one explanation tells what brings all the missing programs', () => {
  const remedy = {
    variable: 'NATS_URL',
    url: 'nats://127.0.0.1:4222',
    brew: 'nats-server',
    apt: 'apt-get install nats-server',
  };
  const nats = new ProgramMissing('nats-server 2.10 or later', ['npm is not there'], remedy);
  const redis = new ProgramMissing('Redis 7 or later', [], {
    variable: 'REDIS_URL',
    url: 'redis://127.0.0.1:6379',
    brew: 'redis',
    apt: 'apt-get install redis-server',
  });
  expect(explanation([nats, redis])).toBe(
    `This machine has no nats-server 2.10 or later, and no Redis 7 or later:
  - npm is not there
Any of these helps:
  macOS            brew install nats-server redis
  Debian, Ubuntu   apt-get install nats-server
  Debian, Ubuntu   apt-get install redis-server
  Docker           docker compose up -d postgres nats redis
                   export NATS_URL=nats://127.0.0.1:4222 REDIS_URL=redis://127.0.0.1:6379`,
  );
});

async function programSaying(version: string): Promise<string> {
  const directory = await mkdtemp(path.join(folder, 'bin-'));
  const file = path.join(directory, 'fake-server');
  await writeFile(file, `#!/bin/sh\necho '${version}'\n`);
  await chmod(file, 0o755);
  return directory;
}
