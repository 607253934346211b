import { ConfigurationError } from './environment.ts';

type Running = { readonly url: string; stop(): Promise<void> };

export const say = (line: string): void => void process.stdout.write(`${line}\n`);

const complain = (error: unknown): void => {
  const text =
    error instanceof Error && !(error instanceof ConfigurationError)
      ? (error.stack ?? error.message)
      : String(error);
  process.stderr.write(`${text}\n`);
};

/**
 * Runs a server as this process until SIGINT or SIGTERM. Exit codes: 0 after a clean stop, 1 when the start or the
 * stop fails, 2 when the configuration is faulty.
 */
export async function runProcess(name: string, start: () => Promise<Running>): Promise<void> {
  try {
    const running = await start();
    say(`${name} listens on ${running.url}`);
    let stopping = false;
    const stop = (): void => {
      if (stopping) return;
      stopping = true;
      running.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          complain(error);
          process.exit(1);
        },
      );
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  } catch (error) {
    complain(error);
    process.exit(error instanceof ConfigurationError ? 2 : 1);
  }
}
