/** Another order service on a system's database, and another router that asks it: what a second machine would run. */
import { orderService } from '@ordergraph/order/service.ts';
import { readConfig } from '@ordergraph/platform/config.ts';
import { createLogger } from '@ordergraph/platform/logger.ts';
import { routerService } from '@ordergraph/router/service.ts';
import { freePorts } from '@ordergraph/scripts/embedded/ports.ts';
import { restartable, type Restartable } from '@ordergraph/scripts/restartable.ts';
import { loadSecrets } from '@ordergraph/scripts/secrets.ts';
import type { StackOptions } from '@ordergraph/scripts/stack.ts';
import type { TestSystem } from './environment.ts';
import { routerEnvironment } from './router-environment.ts';

export type SecondInstance = {
  /** Of its router; tokens are the system's. */
  readonly url: string;
  readonly order: Restartable;
  stop(): Promise<void>;
};

export async function startSecondInstance(
  system: TestSystem,
  backing: StackOptions['backing'],
): Promise<SecondInstance> {
  const { internalSecret } = await loadSecrets(system.dataDir);
  const logger = createLogger('second', 'error');
  const [port = 0, routerPort = 0] = await freePorts(2);
  const environment = {
    INTERNAL_SECRET: internalSecret,
    NODE_ENV: 'development',
    LOG_LEVEL: 'error',
    PORT: String(port),
    DATABASE_URL: system.databaseUrls.order,
    DATABASE_POOL_MAX: '4',
    NATS_URL: backing.natsUrl,
    NATS_PREFIX: system.prefix,
    REDIS_URL: backing.redisUrl,
  };
  const order = await restartable(() =>
    orderService.start(readConfig(orderService.configuration, environment), logger),
  );
  const router = await routerService.start(
    readConfig(routerService.configuration, {
      ...(await routerEnvironment(system, { order: order.url })),
      PORT: String(routerPort),
    }),
    logger,
  );
  return {
    url: router.url,
    order,
    async stop() {
      await router.stop();
      await order.stop();
    },
  };
}
