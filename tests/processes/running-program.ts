/** One of our programs as a process of its own, which can be killed, frozen, and started again in its place. */
import { join } from 'node:path';
import type { Environment } from '@ordergraph/platform/config.ts';
import {
  startServer,
  untilReady,
  type ServerProcess,
} from '@ordergraph/scripts/embedded/server-process.ts';

export type Program = {
  readonly name: string;
  /** The file that Node runs. */
  readonly file: string;
  readonly environment: Environment;
  /** Answers 200 over HTTP once the program is ready. */
  readonly readyUrl: string;
  readonly logsDir: string;
};

export type RunningProgram = {
  readonly pid: number;
  /** Starts it again as it was, after it was killed. */
  start(): Promise<void>;
  /** kill -9 */
  kill(): Promise<void>;
  /** kill -STOP, and kill -CONT */
  freeze(): void;
  thaw(): void;
  /** Ends it in good order. @throws if it does not end so */
  stop(): Promise<void>;
};

const readyWithinMs = 60_000;

/** Starts a program; it ends with this process, however that ends. */
export async function runProgram(program: Program): Promise<RunningProgram> {
  let running = await start(program);
  return {
    get pid() {
      return running.pid;
    },
    async start() {
      running = await start(program);
    },
    kill: () => running.stop('KILL'),
    freeze: () => void process.kill(running.pid, 'SIGSTOP'),
    thaw: () => void process.kill(running.pid, 'SIGCONT'),
    async stop() {
      if (running.hasEnded()) return;
      // One that a failed test has left frozen could not end in good order.
      process.kill(running.pid, 'SIGCONT');
      await running.stop();
      const how = await running.ended;
      if (how !== 'exit code 0') {
        throw new Error(`${program.name} ended with ${how}:\n${running.lastLines()}`);
      }
    },
  };
}

async function start({
  name,
  file,
  environment,
  readyUrl,
  logsDir,
}: Program): Promise<ServerProcess> {
  const server = await startServer({
    name,
    program: process.execPath,
    args: [file],
    stopSignal: 'TERM',
    logFile: join(logsDir, `${name}.log`),
    env: given(environment),
  });
  const isReady = async (): Promise<boolean> => (await fetch(readyUrl)).ok;
  await untilReady(server, { name, isReady, timeoutMs: readyWithinMs });
  return server;
}

function given(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}
