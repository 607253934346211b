import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { processesWorkingOn, processIdentity, processIsAlive } from './process-table.ts';

test('this process is alive, and is always identified alike', () => {
  expect(processIsAlive(process.pid)).toBe(true);
  expect(processIdentity(process.pid)).toBe(processIdentity(process.pid));
  expect(processIdentity(process.pid)).not.toBe(processIdentity(process.ppid));
});

test('a process that has ended is not alive, and has no identity', async () => {
  const child = spawn('true');
  const pid = child.pid ?? Number.NaN;
  await once(child, 'exit');
  expect(processIsAlive(pid)).toBe(false);
  expect(processIdentity(pid)).toBeUndefined();
});

test('a zombie is not alive', async () => {
  // The shell turns into a program that does not ask for the end of the child it has inherited.
  const parent = spawn('sh', ['-c', 'true & echo $!; exec sleep 30']);
  onTestFinished(() => void parent.kill('SIGKILL'));
  const [line]: unknown[] = await once(parent.stdout, 'data');
  await vi.waitFor(() => expect(processIsAlive(Number(String(line)))).toBe(false));
});

test('a server is found by the directory in its command line, its readers and neighbours are not', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'ordergraph-processes-'));
  const directory = path.join(root, 'nats');
  const configFile = path.join(directory, 'nats.conf');
  const program = path.join(root, 'fake-server');
  await copyFile('/bin/sleep', program);
  await writeFile(path.join(root, 'note'), '');
  const server = start(program, configFile);
  const running = [
    server,
    start(program, path.join(root, 'nats-of-another', 'nats.conf')),
    start(program, path.join('/elsewhere', root, 'nats', 'nats.conf')),
    start('/bin/sleep', configFile),
  ];
  onTestFinished(async () => {
    for (const child of running) child.kill('SIGKILL');
    await rm(root, { recursive: true, force: true });
  });
  await vi.waitFor(() =>
    expect(processesWorkingOn('fake-server', directory)).toEqual([
      { pid: server.pid, namesDirectory: true },
    ]),
  );
});

/** `sleep` takes a sum of times and refuses a path, so the path goes into the name it runs by. */
function start(program: string, argument: string): ReturnType<typeof spawn> {
  return spawn(program, ['30'], { argv0: `${program} -c ${argument}`, stdio: 'ignore' });
}
