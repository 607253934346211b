import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { lockHolder } from './data-directory.ts';
import { processesWorkingOn, processIsAlive } from './process-table.ts';
import { startBackingServices, type BackingServices } from './services.ts';

const SERVICES = new URL('./services.ts', import.meta.url).href;
const programsDir = path.resolve(import.meta.dirname, '../../.data/bin');

let dataDir = '';
let lines: string[] = [];

beforeEach(async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'ordergraph-services-'));
  // Where Postgres may not run as root, it runs as a user who must be able to come here.
  await chmod(root, 0o755);
  dataDir = path.join(root, 'data');
  lines = [];
  // What a test has started is stopped before this, since these hooks run last in, first out.
  // Servers that a test leaves to end by themselves still write while they do.
  const patience = { maxRetries: 50, retryDelay: 100 };
  onTestFinished(() => rm(root, { recursive: true, force: true, ...patience }));
});

test('the servers are ready when the start returns, and nothing of them is left after the stop', async () => {
  const services = await started({ ephemeral: true });
  await useAll(services, 'written');
  expect(await readAll(services)).toEqual({
    postgres: ['written'],
    nats: ['written'],
    redis: 'written',
  });
  const pids = Object.values(services.pids);
  expect(pids.map(processIsAlive)).toEqual([true, true, true]);

  await services.stop();
  await services.stop();
  expect(pids.map(processIsAlive)).toEqual([false, false, false]);
  expect(services.pids).toEqual({});
  expect(existsSync(dataDir)).toBe(false);
});

test('outside ephemeral mode what PostgreSQL commits is on disk, and what NATS takes soon; all of it is for this machine and its owner alone', async () => {
  const { databaseUrl, natsUrl, redisUrl } = await started();
  const settings = ['fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses'];
  const values = await Promise.all(settings.map((name) => select(databaseUrl, `show ${name}`)));
  expect(values.flat()).toEqual(['on', 'on', 'on', '127.0.0.1']);
  const configuration = readFileSync(path.join(dataDir, 'nats', 'nats-server.conf'), 'utf8');
  expect(configuration).toContain('sync_interval: 1s');

  for (const url of [databaseUrl, natsUrl, redisUrl])
    expect(new URL(url).hostname).toBe('127.0.0.1');
  expect((await stat(path.join(dataDir, 'postgres', 'password'))).mode & 0o777).toBe(0o600);
  const guess = new URL(databaseUrl);
  guess.password = 'postgres';
  await expect(select(guess.href, '1')).rejects.toThrow(/password authentication failed/);
});

test('neither the values of a slow statement nor the row that broke a rule is in the log', async () => {
  const { databaseUrl } = await started({ ephemeral: true });
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined });
  onTestFinished(() => sql.end());
  await sql`create table people (name text check (length(name) < 20))`;
  await sql`set log_min_duration_statement = 0`;
  await sql`select ${'Ada Lovelace'}::text as slow`;
  await expect(sql`insert into people values (${'Ada Lovelace of London'})`).rejects.toThrow(
    'people_name_check',
  );
  const log = () => readFileSync(path.join(dataDir, 'logs', 'postgres.log'), 'utf8');
  await vi.waitFor(() => expect(log()).toMatch(/duration: .* as slow.*people_name_check/s));
  expect(log()).not.toContain('Ada');
});

test('a second start is ready within two seconds, and finds what the first has kept', async () => {
  const first = await started();
  await useAll(first, 'kept');
  await first.stop();

  // The machine may be busy with other tests: the quickest of three counts.
  const tookMs: number[] = [];
  for (let start = 1; start <= 3; start += 1) {
    const began = performance.now();
    const again = await started();
    tookMs.push(performance.now() - began);
    expect(await readAll(again)).toMatchObject({ postgres: ['kept'], nats: ['kept'] });
    await again.stop();
  }
  expect(Math.min(...tookMs)).toBeLessThan(2_000);
});

test('a kill -9 of the parent stops its servers, and leaves nothing that blocks the next start', async () => {
  const parent = await parentOf();
  const pids = await untilStarted(parent);
  parent.kill('SIGKILL');
  await vi.waitFor(() => expect(pids.map(processIsAlive)).toEqual([false, false, false]), {
    timeout: 10_000,
  });

  await useAll(await started(), 'after');
});

test('a kill -9 while the cluster is being made leaves a half-made one, which is made anew', async () => {
  const parent = await parentOf();
  await vi.waitFor(() => expect(unfinishedClusters()).toHaveLength(1), {
    timeout: 10_000,
    interval: 5,
  });
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  expect(existsSync(path.join(dataDir, 'postgres'))).toBe(false);

  await useAll(await started(), 'after');
  expect(unfinishedClusters()).toEqual([]);
});

test('a kill -9 at any moment of a start leaves nothing that blocks the next', async () => {
  await (await started()).stop();
  for (const afterMs of [60, 90, 120, 150, 180, 240]) {
    const parent = await parentOf();
    await delay(afterMs);
    parent.kill('SIGKILL');
    const services = await started();
    await useAll(services, `killed after ${afterMs} ms`);
    await services.stop();
  }
  expect(unfinishedClusters()).toEqual([]);
});

test('servers that have lost their parent and their watchdogs are stopped by the next start', async () => {
  const parent = await parentOf();
  const pids = await untilStarted(parent);
  for (const watchdog of watchdogs()) process.kill(watchdog, 'SIGKILL');
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  expect(pids.map(processIsAlive)).toEqual([true, true, true]);

  const services = await started();
  expect(pids.map(processIsAlive)).toEqual([false, false, false]);
  await useAll(services, 'after');
  expect(lines.filter((line) => line.startsWith('stopping '))).toHaveLength(3);
});

test("the terminal's Ctrl-C reaches the parent alone", async () => {
  const parent = await parentOf({
    before: "process.on('SIGINT', () => console.log('interrupted'));",
  });
  const pids = await untilStarted(parent);
  process.kill(-(parent.pid ?? Number.NaN), 'SIGINT');
  await lineOf(parent, 'interrupted');
  expect(pids.map(processIsAlive)).toEqual([true, true, true]);
});

test('a second start on the same data directory is refused, and names the process that has it', async () => {
  const parent = await parentOf();
  const pids = await untilStarted(parent);
  await expect(started()).rejects.toThrow(
    `Process ${parent.pid} already runs Ordergraph on ${dataDir}`,
  );
  expect(pids.map(processIsAlive)).toEqual([true, true, true]);
});

test('a restart keeps what must not be lost: rows and messages; a wiped NATS and Redis come back empty', async () => {
  const services = await started({ ephemeral: true });
  const urls = [services.databaseUrl, services.natsUrl, services.redisUrl];
  const before = { ...services.pids };
  await useAll(services, 'before');

  await services.restartPostgres();
  await services.restartNats();
  await services.restartRedis();
  expect(await readAll(services)).toEqual({ postgres: ['before'], nats: ['before'], redis: null });
  expect([services.databaseUrl, services.natsUrl, services.redisUrl]).toEqual(urls);
  expect(services.pids).not.toMatchObject(before);

  await services.restartNats({ wipe: true });
  expect(await readAll(services)).toEqual({ postgres: ['before'], nats: [], redis: null });

  await services.stopNats();
  expect(services.pids).not.toHaveProperty('nats');
  await expect(connect({ servers: services.natsUrl, reconnect: false })).rejects.toThrow(
    /refused/i,
  );
  await services.startNats();
  await useAll(services, 'again');
});

test('a server that is killed is missed, and comes back by a restart', async () => {
  const services = await started({ ephemeral: true });
  await useAll(services, 'before');
  process.kill(services.pids.postgres ?? Number.NaN, 'SIGKILL');
  await vi.waitFor(() => expect(lines.join('\n')).toContain('ended unexpectedly (signal SIGKILL)'));
  await services.restartPostgres();
  expect(await readAll(services)).toMatchObject({ postgres: ['before'] });
});

test('where servers are kept running, each that is killed comes back by itself, with what it had; after the stop none does', async () => {
  const services = await started({ ephemeral: true, keepRunning: true });
  await useAll(services, 'before');
  const before = Object.values(services.pids);
  for (const pid of before) process.kill(pid, 'SIGKILL');
  const patience = { timeout: 20_000, interval: 20 };
  await vi.waitFor(() => {
    const revived = Object.values(services.pids).filter((pid) => !before.includes(pid));
    expect(revived).toHaveLength(3);
  }, patience);
  expect(await readAll(services)).toEqual({ postgres: ['before'], nats: ['before'], redis: null });

  for (const pid of Object.values(services.pids)) process.kill(pid, 'SIGKILL');
  await vi.waitFor(() => expect(services.pids).toEqual({}), patience);
  await services.stop();
  expect(services.pids).toEqual({});
  const programs = ['postgres', 'nats-server', 'redis-server'];
  expect(programs.flatMap((program) => processesWorkingOn(program, dataDir))).toEqual([]);
});

test('a server that does not start is shown by the last lines of its log, and the others are stopped', async () => {
  await (await started()).stop();
  await rm(path.join(dataDir, 'postgres', 'cluster', 'global', 'pg_control'));
  await expect(started()).rejects.toThrow(
    /PostgreSQL .* ended while starting \(exit code \d\)\. The last lines of its log:\n.*pg_control/s,
  );
  const programs = ['postgres', 'nats-server', 'redis-server'];
  expect(programs.flatMap((program) => processesWorkingOn(program, dataDir))).toEqual([]);
  expect(await lockHolder(dataDir)).toBeUndefined();
});

test('given servers are used, and are neither stopped nor restarted', async () => {
  const theirs = await started({ ephemeral: true });
  const { databaseUrl, natsUrl, redisUrl } = theirs;
  const other = path.join(path.dirname(dataDir), 'other');
  const ours = await startBackingServices({
    dataDir: other,
    databaseUrl,
    natsUrl,
    redisUrl,
    log: () => undefined,
  });
  expect(ours).toMatchObject({ databaseUrl, natsUrl, redisUrl, pids: {} });
  await expect(ours.restartNats()).rejects.toThrow(/was not started here/);
  await expect(ours.restartPostgres()).rejects.toThrow(/was not started here/);
  await ours.stop();
  await useAll(theirs, 'still there');
});

type Options = Partial<Parameters<typeof startBackingServices>[0]>;

async function started(options: Options = {}): Promise<BackingServices> {
  const services = await startBackingServices({
    dataDir,
    programsDir,
    log: (line) => lines.push(line),
    ...options,
  });
  onTestFinished(() => services.stop());
  return services;
}

/** A process of its own that starts the services, tells their pids in its first line, and stays. */
async function parentOf({ before = '' } = {}): Promise<ChildProcess> {
  const program = `
    import { startBackingServices } from '${SERVICES}';
    ${before}
    const [dataDir, programsDir] = process.argv.slice(1);
    const log = () => undefined;
    const services = await startBackingServices({ dataDir, programsDir, ephemeral: true, log });
    console.log(JSON.stringify(services.pids));
    setInterval(() => undefined, 1_000);
  `;
  const parent = spawn(
    process.execPath,
    ['--input-type=module', '-e', program, dataDir, programsDir],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    },
  );
  onTestFinished(() => void parent.kill('SIGKILL'));
  await once(parent, 'spawn');
  return parent;
}

async function untilStarted(parent: ChildProcess): Promise<number[]> {
  const pids: unknown = JSON.parse(await lineOf(parent, '{'));
  return Object.values(pids ?? {}).map(Number);
}

async function lineOf(parent: ChildProcess, start: string): Promise<string> {
  for await (const chunk of parent.stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    const line = String(chunk)
      .split('\n')
      .find((text) => text.startsWith(start));
    if (line !== undefined) return line;
  }
  throw new Error(`The parent has ended without a line that starts with ${start}`);
}

function watchdogs(): number[] {
  const servers = processesWorkingOn('sh', path.join(dataDir, 'postgres', 'cluster'));
  const others = ['nats', 'redis'].flatMap((name) =>
    processesWorkingOn('sh', path.join(dataDir, name)),
  );
  return [...servers, ...others].map(({ pid }) => pid);
}

function unfinishedClusters(): string[] {
  return existsSync(dataDir)
    ? readdirSync(dataDir).filter((name) => name.startsWith('postgres.unfinished-'))
    : [];
}

async function select(url: string, query: string): Promise<unknown[]> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined, idle_timeout: 1 });
  try {
    const rows = await sql.unsafe(query.startsWith('show') ? query : `select ${query}`);
    return rows.flatMap((row) => Object.values(row));
  } finally {
    await sql.end();
  }
}

async function useAll(services: BackingServices, text: string): Promise<void> {
  const sql = postgres(services.databaseUrl, { max: 1, onnotice: () => undefined });
  await sql`create table if not exists kept (text text)`;
  await sql`insert into kept values (${text})`;
  await sql.end();

  const nats = await connect({ servers: services.natsUrl });
  const manager = await jetstreamManager(nats);
  await manager.streams.add({ name: 'KEPT', subjects: ['kept'] });
  await jetstream(nats).publish('kept', text);
  await nats.close();

  const redis = new Redis(services.redisUrl);
  await redis.set('kept', text);
  await redis.quit();
}

async function readAll(
  services: BackingServices,
): Promise<{ postgres: unknown[]; nats: string[]; redis: string | null }> {
  const nats = await connect({ servers: services.natsUrl });
  const { streams } = await jetstreamManager(nats);
  const messages = (await streams.names().next()).includes('KEPT')
    ? [(await streams.getMessage('KEPT', { last_by_subj: 'kept' }))?.string() ?? '']
    : [];
  await nats.close();
  const redis = new Redis(services.redisUrl);
  const value = await redis.get('kept');
  await redis.quit();
  return {
    postgres: await select(services.databaseUrl, 'text from kept'),
    nats: messages,
    redis: value,
  };
}
