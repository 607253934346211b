import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from './ports.ts';
import { messageOf } from './programs.ts';
import {
  ServerFailedToStart,
  startServer,
  untilReady,
  type ServerCommand,
  type ServerProcess,
} from './server-process.ts';

const PORTS_TRIED_MAX = 5;
/** Long enough that a server which ends again and again keeps no processor busy. */
const REVIVAL_PAUSE_FIRST_MS = 500;
const REVIVAL_PAUSE_MAX_MS = 10_000;

/** One of our servers: how it is run, and how one sees that it answers. */
export type ServerPlan = {
  /** Name and version, as in "Redis 7.0.15". */
  name: string;
  command(port: number): Promise<ServerCommand> | ServerCommand;
  isReady(port: number, pid: number): Promise<boolean>;
  readyWithinMs: number;
};

export type BackingServer = {
  port(): number;
  pid(): number | undefined;
  /** Starts it, on the port it had before if it had one. Does nothing while it runs. */
  start(): Promise<void>;
  /** Stops it in good order. Does nothing when it does not run. */
  stop(): Promise<void>;
  /**
   * Ends it as a crash of its process would. What it has handed to the operating system is kept.
   */
  crash(): Promise<void>;
  /** From now on it is started again, on its port, when it ends by itself, for as long as that takes. */
  keep(): void;
};

/** The server of a plan, not yet started. */
export function backingServer(plan: ServerPlan, log: (line: string) => void): BackingServer {
  let port: number | undefined;
  let running: ServerProcess | undefined;
  let kept = false;
  let revival: { readonly done: Promise<void>; cancel(): void } | undefined;

  async function startOn(candidate: number): Promise<void> {
    const server = await startServer(await plan.command(candidate));
    await untilReady(server, {
      name: plan.name,
      isReady: () => plan.isReady(candidate, server.pid),
      timeoutMs: plan.readyWithinMs,
    });
    running = server;
    port = candidate;
    log(`${plan.name} on 127.0.0.1:${candidate}`);
    void miss(server, candidate);
  }

  async function miss(server: ServerProcess, itsPort: number): Promise<void> {
    const how = await server.ended;
    if (running !== server) return;
    log(
      `${plan.name} ended unexpectedly (${how}). The last lines of its log:\n${server.lastLines()}`,
    );
    if (!kept) return;
    const cancelled = new AbortController();
    const done = revive(itsPort, cancelled.signal);
    revival = { done, cancel: () => cancelled.abort() };
  }

  async function revive(itsPort: number, cancelled: AbortSignal): Promise<void> {
    let pauseMs = REVIVAL_PAUSE_FIRST_MS;
    for (;;) {
      await delay(pauseMs, undefined, { signal: cancelled }).catch(() => undefined);
      if (cancelled.aborted) return;
      try {
        return await startOn(itsPort);
      } catch (error) {
        pauseMs = Math.min(pauseMs * 2, REVIVAL_PAUSE_MAX_MS);
        log(`${messageOf(error)}\nIt is started again in ${pauseMs / 1000} s.`);
      }
    }
  }

  /** A start that is under way is waited for, so that nothing is left running that nobody knows. */
  async function end(signal?: 'KILL'): Promise<void> {
    revival?.cancel();
    await revival?.done;
    const server = running;
    running = undefined;
    await server?.stop(signal);
  }

  return {
    port: () => {
      if (port === undefined) throw new Error(`${plan.name} has not been started`);
      return port;
    },
    pid: () => (running?.hasEnded() ? undefined : running?.pid),
    async start() {
      revival?.cancel();
      await revival?.done;
      if (running && !running.hasEnded()) return;
      if (port !== undefined) return startOn(port);
      for (let tried = 1; ; tried += 1) {
        const [candidate = 0] = await freePorts(1);
        try {
          return await startOn(candidate);
        } catch (error) {
          if (
            !(error instanceof ServerFailedToStart && error.portWasTaken && tried < PORTS_TRIED_MAX)
          )
            throw error;
        }
      }
    },
    stop: () => end(),
    crash: () => end('KILL'),
    keep: () => (kept = true),
  };
}
