/** What the processes of this benchmark say to one another. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Orders to a process, and what it answers. */
export type Calls = Readonly<Record<string, (argument: never) => unknown>>;

type Call = { readonly id: number; readonly name: string; readonly argument: unknown };
type Answer = { readonly id: number; readonly result?: unknown; readonly error?: string };

/** Answers the calls of the process that started this one. */
export function answerCalls(calls: Calls): void {
  process.on('message', (message: Call) => {
    void (async () => {
      if (typeof message !== 'object' || !('id' in message)) return;
      const call = calls[message.name] as ((argument: unknown) => unknown) | undefined;
      try {
        if (!call) throw new Error(`there is no call ${message.name}`);
        process.send?.({ id: message.id, result: await call(message.argument) } satisfies Answer);
      } catch (error) {
        process.send?.({ id: message.id, error: String(error) } satisfies Answer);
      }
    })();
  });
  process.once('disconnect', () => process.exit(0));
  process.send?.('ready');
}

export type Helper<C extends Calls> = {
  readonly pid: number;
  call<N extends keyof C & string>(
    name: N,
    argument: Parameters<C[N]>[0],
  ): Promise<Awaited<ReturnType<C[N]>>>;
  stop(): Promise<void>;
};

/** Starts a program that answers calls. */
export async function startProcess<C extends Calls>(
  program: URL,
  options: { readonly execArgv?: readonly string[]; readonly env?: Record<string, string> } = {},
): Promise<Helper<C>> {
  const child: ChildProcess = fork(program, {
    execArgv: [...(options.execArgv ?? [])],
    env: { ...process.env, ...options.env },
    serialization: 'advanced',
  });
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => {
      throw new Error(`${program.pathname} did not start`);
    }),
  ]);
  let lastId = 0;
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  child.on('message', (answer: Answer) => {
    const waiter = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.error === undefined) waiter?.resolve(answer.result);
    else waiter?.reject(new Error(answer.error));
  });
  return {
    pid: child.pid ?? 0,
    async call(name, argument) {
      const id = (lastId += 1);
      const waiter = Promise.withResolvers<unknown>();
      waiting.set(id, waiter);
      child.send({ id, name, argument } satisfies Call);
      return (await waiter.promise) as never;
    },
    async stop() {
      if (child.exitCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}
