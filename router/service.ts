/** The router as a value: everything it is made of, put together. */
import { randomBytes } from 'node:crypto';
import type { RunningService, ServiceDefinition } from '@ordergraph/platform/service.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { openCache } from './cache/cache.ts';
import { routerConfiguration, type RouterConfig } from './config.ts';
import { openRateLimiter } from './configured-admission.ts';
import { Generation } from './generation.ts';
import { createGenerations } from './generations.ts';
import { createOwnExecutor } from './execution/own-executor.ts';
import { anonymousCaller, createIdentify, type Identify } from './identity.ts';
import { fileKeySet, remoteKeySet } from './key-set.ts';
import { createIdentifyCaller } from './partners/credentials.ts';
import { openRouterDatabase } from './partners/router-database.ts';
import { openKeptTexts } from './persisted/kept-texts.ts';
import { createOperationTexts } from './persisted/operation-text.ts';
import { createPipeline } from './pipeline.ts';
import { guardFor, openGate } from './resilience/configured-resilience.ts';
import { createImportance } from './resilience/importance.ts';
import { createClientAddress } from './rate-limit/client-address.ts';
import { SharedReads } from './shared-reads.ts';
import { batchedCalls } from './streams/batched-calls.ts';
import { SubgraphConnections } from './subgraph-connections.ts';
import { createSubgraphClient } from './subgraph-requests.ts';
import { createSubscriptions } from './subscriptions.ts';
import { buildSupergraph, readSupergraph } from './supergraph.ts';
import { watchSupergraph } from './supergraph-watch.ts';
import { createTelemetry } from './telemetry.ts';
import { openTracing } from './tracing/tracing.ts';
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
  const supergraphFrom = (sdl: string) => buildSupergraph(sdl, config.SUBGRAPH_URLS);
  const first = supergraphFrom(await readSupergraph(config.SUPERGRAPH_FILE));
  const database = config.DATABASE_URL
    ? await openRouterDatabase(config.DATABASE_URL, logger)
    : undefined;
  const texts = config.REDIS_URL ? openKeptTexts(config.REDIS_URL, logger) : undefined;
  const usage =
    database &&
    createUsageRecorder({
      store: database.addUsage,
      sampleRate: config.USAGE_SAMPLE_RATE,
      logger,
    });
  const telemetry = createTelemetry(logger);
  const limiter = openRateLimiter(config, { secret, telemetry, logger });
  const reads = new SharedReads(telemetry.readShared);
  const tracing = openTracing(config, logger, telemetry.spans);
  const connections = new SubgraphConnections((subgraph) => {
    const client = createSubgraphClient(subgraph, {
      secret,
      timeoutMs: Math.min(config.SUBGRAPH_TIMEOUT_MS, config.REQUEST_TIMEOUT_MS),
      answerLimitBytes: config.SUBGRAPH_ANSWER_LIMIT_BYTES,
      batches: config.BATCHING_SUBGRAPHS.includes(subgraph.name),
      observe: telemetry.subgraphCall,
      guard: guardFor(config, telemetry),
    });
    const socket = createUpstreamSocket(subgraph, secret);
    return { client, batched: batchedCalls(client), socket };
  });
  // The stock executor is large, and nothing else needs it.
  const createExecutor =
    config.EXECUTOR === 'own'
      ? createOwnExecutor
      : (await import('./gateway-executor.ts')).createGatewayExecutor;
  const cache = openCache(config, { secret, metrics: telemetry, logger });
  const generationParts = {
    config,
    cache,
    connections,
    limiter,
    reads,
    createExecutor,
    plans: telemetry,
    logger,
  };
  const generations = createGenerations({
    supergraph: supergraphFrom,
    generation: (supergraph) => new Generation(supergraph, generationParts),
    first,
    moveStreams: () => subscriptions.move(),
    changed: telemetry.supergraphChanged,
    logger,
  });
  const current = () => generations.current;
  const subscriptions = createSubscriptions({
    current,
    secret,
    limits: {
      eventsMax: config.STREAM_QUEUE_MAX,
      charactersMax: config.STREAM_QUEUE_BYTES,
      underWayMax: eventsUnderWayMax,
    },
    restTimeoutMs: config.REQUEST_TIMEOUT_MS,
    resumeWithinMs: config.STREAM_RESUME_MS,
    seen: (identity) => reads.seen(identity),
    observer: telemetry,
    logger,
  });
  const pipeline = createPipeline({
    current,
    limits: config.OPERATION_LIMITS,
    gate: openGate(config, telemetry),
    importanceOf: createImportance(config.VITAL_FIELDS),
    texts: createOperationTexts({ partners: database, kept: texts, logger }),
    directory: database?.directory,
    usage,
    reads,
    subscriptions,
    telemetry,
    tracing,
    logger,
    requestTimeoutMs: config.REQUEST_TIMEOUT_MS,
    suggestions: !production,
  });
  const identify = createIdentifyCaller(identifyBy(config), database?.directory);

  let stopping = false;
  const doors = {
    pipeline,
    identify,
    telemetry,
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
  const app = createListener({ door, bodyLimitBytes, telemetry, logger });
  serveHealth(app, {
    subgraphs: () => [...current().connections.values()].map(({ client }) => client),
    telemetry,
    stopping: () => stopping,
  });
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

  const watch = watchSupergraph({
    file: config.SUPERGRAPH_FILE,
    everyMs: config.SUPERGRAPH_POLL_MS,
    found: generations.replace,
    logger,
  });

  const stop = async () => {
    stopping = true;
    watch.close();
    subscriptions.stop();
    await Promise.all([closeListener(app), pipeline.idle().then(() => websockets.close())]);
    await Promise.all([limiter?.close(), generations.close(), webhooks.close(), tracing?.close()]);
    await usage?.close();
    await database?.close();
    texts?.close();
    await cache?.close();
    telemetry.close();
  };
  let stopped: Promise<void> | undefined;
  return { url: `${address}${path}`, stop: () => (stopped ??= stop()), reload: watch.look };
}

function identifyBy({ JWKS_URL, JWKS_FILE, JWT_ISSUER, JWT_AUDIENCE }: RouterConfig): Identify {
  if (JWT_ISSUER === undefined || JWT_AUDIENCE === undefined) return async () => anonymousCaller;
  const keys = JWKS_URL ? remoteKeySet(JWKS_URL) : fileKeySet(JWKS_FILE ?? '');
  return createIdentify({ keys, issuer: JWT_ISSUER, audience: JWT_AUDIENCE });
}
