/**
 * A service is a value: a name, the shape of its configuration, and how to start it. The same value runs as a process
 * of its own (`runAsProcess`), or beside the others in one process.
 */
import type { z } from 'zod';
import { ConfigurationError, logLevels, readConfig, type Environment } from './config.ts';
import { createLogger, type Logger } from './logger.ts';

/** A started service. `stop` drains: it takes no new work, finishes what is under way, then closes its connections. */
export type RunningService = {
  readonly url: string;
  stop(): Promise<void>;
  /** Reads again what can change while it runs, at SIGHUP. Never rejects. */
  reload?(): Promise<void>;
};

export type ServiceDefinition<S extends z.ZodType, R extends RunningService = RunningService> = {
  readonly name: string;
  readonly configuration: S;
  start(config: z.infer<S>, logger: Logger): Promise<R>;
};

/** How long a stopping process may drain before it gives up, in milliseconds. */
const drainTimeoutMs = 25_000;

/**
 * Runs a service until SIGTERM or SIGINT. Exit codes: 0 after a clean stop, 1 after a fault, 2 for a wrong configuration.
 */
export async function runAsProcess<S extends z.ZodType>(
  definition: ServiceDefinition<S>,
  environment: Environment,
): Promise<void> {
  // A level that does not exist is among the faults of the configuration, told below.
  const level = logLevels.find((known) => known === environment['LOG_LEVEL']) ?? 'info';
  const logger = createLogger(definition.name, level);
  try {
    const config = readConfig(definition.configuration, environment);
    const running = await definition.start(config, logger);
    logger.info({ url: running.url }, 'started');
    process.on('SIGHUP', () => void running.reload?.());
    const signal = await stopSignal();
    logger.info({ signal }, 'stopping');
    setTimeout(() => exit(1), drainTimeoutMs).unref();
    await running.stop();
    logger.info('stopped');
    exit(0);
  } catch (error) {
    if (error instanceof ConfigurationError) {
      process.stderr.write(`${definition.name}: ${error.message}\n`);
      exit(2);
    }
    logger.fatal({ err: error }, 'failed');
    exit(1);
  }
}

function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => resolve(signal));
  });
}

function exit(code: number): never {
  process.exit(code);
}
