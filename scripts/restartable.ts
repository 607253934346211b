/** A service that can be stopped and started again in its place, as a deployment or a fault would. */
import type { RunningService } from '@ordergraph/platform/service.ts';

export type Restartable = RunningService & {
  /** Starts it again as it was. Does nothing while it runs. */
  start(): Promise<void>;
};

/** Starts a service. `stop` does nothing while it is stopped. */
export async function restartable(run: () => Promise<RunningService>): Promise<Restartable> {
  let running: RunningService | undefined = await run();
  return {
    url: running.url,
    async start() {
      running ??= await run();
    },
    async stop() {
      const service = running;
      running = undefined;
      await service?.stop();
    },
  };
}
