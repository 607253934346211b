/** Rights, costs and rate limits as the configuration wants them. */
import type { Logger } from '@ordergraph/platform/logger.ts';
import type { RouterConfig } from './config.ts';
import { createAdmission, type Admission } from './admission.ts';
import { createOperationCosts } from './cost/operation-costs.ts';
import { createBuckets } from './rate-limit/buckets.ts';
import { plansFor } from './rate-limit/plans.ts';
import { createRateLimiter, type RateLimiter } from './rate-limit/rate-limiter.ts';
import { openRedisBuckets } from './rate-limit/redis-buckets.ts';
import { createRights } from './rights/rights.ts';
import type { Supergraph } from './supergraph.ts';
import type { Telemetry } from './telemetry.ts';

/** Undefined where nobody is limited. */
export function openRateLimiter(
  config: RouterConfig,
  parts: { readonly secret: string; readonly telemetry: Telemetry; readonly logger: Logger },
): RateLimiter | undefined {
  const { secret, telemetry, logger } = parts;
  if (config.REDIS_URL === undefined || config.RATE_LIMIT === 'off') {
    logger.info('nobody is limited in what they spend: REDIS_URL is missing or RATE_LIMIT is off');
    return undefined;
  }
  const redis = openRedisBuckets({
    url: config.REDIS_URL,
    timeoutMs: config.RATE_LIMIT_TIMEOUT_MS,
    logger,
  });
  return createRateLimiter({
    buckets: createBuckets({
      redis,
      routers: config.ROUTER_INSTANCES,
      logger,
      onChange: telemetry.rateLimitsShared,
    }),
    plans: plansFor(config.NODE_ENV === 'production', config.RATE_LIMIT_PLANS),
    secret,
    onThrottled: telemetry.throttled,
  });
}

/** For one supergraph; the limiter outlives it. */
export function admissionTo(
  { federation, apiSchema }: Supergraph,
  config: RouterConfig,
  parts: { readonly limiter: RateLimiter | undefined; readonly logger: Logger },
): Admission {
  const schemas = { supergraph: federation.schema, apiSchema };
  const rights = createRights({
    ...schemas,
    policies: config.POLICIES,
    unauthorizedFields: config.UNAUTHORIZED_FIELDS,
  });
  if (rights.unknownPolicies.length > 0) {
    parts.logger.warn(
      { policies: rights.unknownPolicies },
      'POLICIES does not name some policies of the supergraph: they are for nobody',
    );
  }
  return createAdmission({
    rights,
    costs: createOperationCosts({ ...schemas, listSizeAssumed: config.LIST_SIZE_ASSUMED }),
    costMax: config.OPERATION_COST_MAX,
    limiter: parts.limiter,
  });
}
