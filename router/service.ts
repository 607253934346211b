/** The router as a value: everything it is made of, put together. */
import { randomBytes } from 'node:crypto';
import type { RunningService, ServiceDefinition } from '@ordergraph/platform/service.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { openCache } from './cache/cache.ts';
import { routerConfiguration, type RouterConfig } from './config.ts';
import { admissionTo, openRateLimiter } from './configured-admission.ts';
import type { EntityCache } from './execution/entity-cache.ts';
import { createOwnExecutor } from './execution/own-executor.ts';
import { createGatewayExecutor } from './gateway-executor.ts';
import { anonymousCaller, createIdentify, type Identify } from './identity.ts';
import { fileKeySet, remoteKeySet } from './key-set.ts';
import { createOperations } from './operations.ts';
import { createIdentifyCaller } from './partners/credentials.ts';
import { openRouterDatabase } from './partners/router-database.ts';
import { openKeptTexts } from './persisted/kept-texts.ts';
import { createOperationTexts } from './persisted/operation-text.ts';
import { createPipeline } from './pipeline.ts';
import { createPlanner } from './planning/planner.ts';
import { createClientAddress } from './rate-limit/client-address.ts';
import type { Executor } from './executor.ts';
import { batchedCalls } from './streams/batched-calls.ts';
import { createSubgraphClient, type SubgraphClient } from './subgraph-requests.ts';
import { createSubscriptions } from './subscriptions.ts';
import { loadSupergraph } from './supergraph.ts';
import { createTelemetry } from './telemetry.ts';
import { createGraphiql } from './transports/graphiql.ts';
import { serveHealth } from './transports/health.ts';
import { createHttpDoor } from './transports/http.ts';
import { closeListener, createListener } from './transports/listener.ts';
import { serveWebhooks } from './transports/webhooks.ts';
import { serveWebSocket } from './transports/websocket.ts';
import { createUpstreamSocket } from './upstream-sockets.ts';
import { createUsageRecorder } from './usage/usage-recorder.ts';

const path = '/graphql';
/** Events of one stream that are worked on at once. */
const eventsUnderWayMax = 8;

export const routerService: ServiceDefinition<typeof routerConfiguration> = {
  name: 'router',
  configuration: routerConfiguration,
  start: startRouter,
};

/** Starts a router; `url` is its GraphQL endpoint. */
async function startRouter(config: RouterConfig, logger: Logger): Promise<RunningService> {
  const secret = config.INTERNAL_SECRET ?? randomBytes(32).toString('hex');
  const production = config.NODE_ENV === 'production';
  const introspection = config.INTROSPECTION ?? !production;
  const supergraph = await loadSupergraph(config.SUPERGRAPH_FILE, config.SUBGRAPH_URLS);
  const database = config.DATABASE_URL
    ? await openRouterDatabase(config.DATABASE_URL, logger)
    : undefined;
  const texts = config.REDIS_URL ? openKeptTexts(config.REDIS_URL, logger) : undefined;
  const usage =
    database &&
    createUsageRecorder({
      schema: supergraph.apiSchema,
      store: database.addUsage,
      sampleRate: config.USAGE_SAMPLE_RATE,
      logger,
    });
  const telemetry = createTelemetry(logger);
  const subgraphs = supergraph.subgraphs.map((subgraph) =>
    createSubgraphClient(subgraph, {
      secret,
      timeoutMs: config.SUBGRAPH_TIMEOUT_MS,
      answerLimitBytes: config.SUBGRAPH_ANSWER_LIMIT_BYTES,
      batches: config.BATCHING_SUBGRAPHS.includes(subgraph.name),
      observe: telemetry.subgraphCall,
    }),
  );
  const upstreams = new Map(
    supergraph.subgraphs.map((subgraph) => [subgraph.name, createUpstreamSocket(subgraph, secret)]),
  );
  const own = config.EXECUTOR === 'own';
  const cache = openCache(config, { secret, metrics: telemetry, logger });
  const kept = cache?.over(supergraph);
  const executorOver = (clients: readonly SubgraphClient[], entities?: EntityCache): Executor =>
    own
      ? createOwnExecutor({ supergraph, subgraphs: clients, logger, entities })
      : createGatewayExecutor({ supergraph, subgraphs: clients, logger });
  const fetching = executorOver(subgraphs, kept?.entities);
  const executor = kept?.answering(fetching) ?? fetching;
  const planner = createPlanner({
    sdl: supergraph.sdl,
    timeoutMs: config.PLANNING_TIMEOUT_MS,
    exact: !own,
  });
  const subscriptions = createSubscriptions({
    executor: executorOver(subgraphs.map(batchedCalls)),
    upstreams,
    secret,
    limits: {
      eventsMax: config.STREAM_QUEUE_MAX,
      charactersMax: config.STREAM_QUEUE_BYTES,
      underWayMax: eventsUnderWayMax,
    },
    restTimeoutMs: config.REQUEST_TIMEOUT_MS,
    resumeWithinMs: config.STREAM_RESUME_MS,
    observer: telemetry,
    logger,
  });
  const limiter = openRateLimiter(config, { secret, telemetry, logger });
  const pipeline = createPipeline({
    admission: admissionTo(supergraph, config, { limiter, logger }),
    limits: config.OPERATION_LIMITS,
    texts: createOperationTexts({ partners: database, kept: texts, logger }),
    directory: database?.directory,
    usage,
    operations: createOperations({
      schema: supergraph.apiSchema,
      planner,
      specialise: own,
      limits: config.OPERATION_LIMITS,
      introspection,
      suggestions: !production,
    }),
    executor,
    subscriptions,
    schema: supergraph.apiSchema,
    telemetry,
    logger,
    requestTimeoutMs: config.REQUEST_TIMEOUT_MS,
    suggestions: !production,
  });
  const identify = createIdentifyCaller(identifyBy(config), database?.directory);

  let stopping = false;
  const doors = {
    pipeline,
    identify,
    logger,
    allowedOrigins: config.ALLOWED_ORIGINS,
    clientAddress: createClientAddress(config.TRUSTED_PROXIES),
  };
  const bodyLimitBytes = config.BODY_LIMIT_BYTES;
  const door = createHttpDoor(path, {
    ...doors,
    bodyLimitBytes,
    heartbeatMs: config.STREAM_HEARTBEAT_MS,
    graphiql: production ? undefined : createGraphiql(path),
  });
  const app = createListener({ door, bodyLimitBytes, logger });
  serveHealth(app, { subgraphs, telemetry, stopping: () => stopping });
  const webhooks = serveWebhooks(app, {
    targets: config.WEBHOOK_TARGETS,
    timeoutMs: config.WEBHOOK_TIMEOUT_MS,
    logger,
  });
  const websockets = serveWebSocket(app.server, {
    ...doors,
    path,
    frameLimitBytes: bodyLimitBytes,
    socketsMax: config.SOCKETS_MAX,
    operationsMax: config.SOCKET_OPERATIONS_MAX,
    initTimeoutMs: config.SOCKET_INIT_TIMEOUT_MS,
    pingMs: config.SOCKET_PING_MS,
  });
  const address = await app.listen({ port: config.PORT, host: config.HOST, backlog: 4_096 });

  const stop = async () => {
    stopping = true;
    subscriptions.stop();
    await Promise.all([closeListener(app), pipeline.idle().then(() => websockets.close())]);
    for (const upstream of upstreams.values()) upstream.close();
    await Promise.all([
      limiter?.close(),
      planner.close(),
      webhooks.close(),
      ...subgraphs.map((subgraph) => subgraph.close()),
    ]);
    await usage?.close();
    await database?.close();
    texts?.close();
    await cache?.close();
    telemetry.close();
  };
  let stopped: Promise<void> | undefined;
  return { url: `${address}${path}`, stop: () => (stopped ??= stop()) };
}

function identifyBy({ JWKS_URL, JWKS_FILE, JWT_ISSUER, JWT_AUDIENCE }: RouterConfig): Identify {
  if (JWT_ISSUER === undefined || JWT_AUDIENCE === undefined) return async () => anonymousCaller;
  const keys = JWKS_URL ? remoteKeySet(JWKS_URL) : fileKeySet(JWKS_FILE ?? '');
  return createIdentify({ keys, issuer: JWT_ISSUER, audience: JWT_AUDIENCE });
}
