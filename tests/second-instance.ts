/** Another order service on a system's database, and another router that asks it: what a second machine would run. */
import { orderService } from '@ordergraph/order/service.ts';
import { readConfig } from '@ordergraph/platform/config.ts';
import { createLogger } from '@ordergraph/platform/logger.ts';
import { routerService } from '@ordergraph/router/service.ts';
import { freePorts } from '@ordergraph/scripts/embedded/ports.ts';
import { restartable, type Restartable } from '@ordergraph/scripts/restartable.ts';
import {
  developmentAudience,
  developmentIssuer,
  jwksFile,
  loadSecrets,
} from '@ordergraph/scripts/secrets.ts';
import type { StackOptions } from '@ordergraph/scripts/stack.ts';
import type { TestSystem } from './environment.ts';

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
  const variables = {
    INTERNAL_SECRET: internalSecret,
    NODE_ENV: 'development',
    LOG_LEVEL: 'error',
  };
  const logger = createLogger('second', 'error');
  const [port = 0, routerPort = 0] = await freePorts(2);
  const environment = {
    ...variables,
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
  const others = Object.entries(system.services).map(([name, { url }]) => [name, url]);
  const router = await routerService.start(
    readConfig(routerService.configuration, {
      ...variables,
      PORT: String(routerPort),
      SUBGRAPH_URLS: JSON.stringify({ ...Object.fromEntries(others), order: order.url }),
      JWKS_FILE: jwksFile(system.dataDir),
      JWT_ISSUER: developmentIssuer,
      JWT_AUDIENCE: developmentAudience,
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
