/**
 * Serves a subgraph: GraphQL over HTTP and graphql-transport-ws on one path, health and metrics beside it. Only calls
 * with a signed identity are answered, `_entities` and `_service` included.
 */
import { ApolloServer, HeaderMap } from '@apollo/server';
import { ApolloServerPluginInlineTraceDisabled } from '@apollo/server/plugin/disabled';
import { buildSubgraphSchema } from '@apollo/subgraph';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { parse } from 'graphql';
import type { GraphQLResolverMap } from '@apollo/subgraph/dist/schema-helper/resolverMap.js';
import { ErrorCauses } from './error-causes.ts';
import type { FaultCode } from './errors.ts';
import { identityHeader, verifyIdentity } from './identity.ts';
import type { Logger } from './logger.ts';
import { scalars } from './scalars.ts';
import { answerBatch, batchMax } from './subgraph-batch.ts';
import { asText, newCause, reportError, type SubgraphRequest } from './subgraph-request.ts';
import { serveSubscriptions } from './subgraph-subscriptions.ts';
import type { Metrics } from './telemetry.ts';

export type SubgraphServerOptions<C extends object> = {
  readonly name: string;
  readonly sdl: string;
  readonly resolvers: unknown;
  /** Called once per operation; loaders live in what it returns. */
  readonly context: (request: SubgraphRequest) => C;
  readonly host: string;
  readonly port: number;
  /** With which the router signs identities. */
  readonly secret: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Rejects while the service cannot do its work. */
  readonly ready: () => Promise<unknown>;
  /** Further routes, for example webhooks. */
  readonly routes?: (app: FastifyInstance) => void;
};

export type SubgraphServer = { readonly url: string; readonly port: number; stop(): Promise<void> };

const bodyLimitBytes = 4 * 1024 * 1024;
const readyTimeoutMs = 2_000;

/** Starts listening. @throws Error if the port is taken. */
export async function startSubgraphServer<C extends object>(
  options: SubgraphServerOptions<C>,
): Promise<SubgraphServer> {
  const { name, logger } = options;
  const schema = buildSubgraphSchema({
    typeDefs: parse(options.sdl),
    resolvers: withScalars(options.sdl, options.resolvers),
  });
  const causes = new ErrorCauses<C>();
  const apollo = new ApolloServer<C>({
    schema,
    introspection: true,
    csrfPrevention: false,
    plugins: [ApolloServerPluginInlineTraceDisabled(), causes.plugin()],
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    formatError: (formatted, error) =>
      reportError({ logger, traceId: causes.correlationOf(error) }, formatted, error),
  });
  await apollo.start();
  const app = Fastify({
    bodyLimit: bodyLimitBytes,
    forceCloseConnections: 'idle',
  });
  app.setErrorHandler((error, request, reply) => refuse(logger, { error, request, reply }));
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send(problem('BAD_REQUEST', 'There is nothing at this address.')),
  );
  serveGraphQL(app, { apollo, causes }, options);
  serveHealth(app, options);
  options.routes?.(app);
  const sockets = serveSubscriptions(app.server, {
    ...options,
    schema,
    frameMaxBytes: bodyLimitBytes,
  });
  await app.listen({ host: options.host, port: options.port });
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await sockets.stop();
    await app.close();
    await apollo.stop();
    logger.debug({ name }, 'the server is closed');
  };
  const address = app.server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  return {
    url: `http://${options.host}:${port}/graphql`,
    port,
    stop: () => (stopped ??= stop()),
  };
}

function serveGraphQL<C extends object>(
  app: FastifyInstance,
  { apollo, causes }: { readonly apollo: ApolloServer<C>; readonly causes: ErrorCauses<C> },
  options: SubgraphServerOptions<C>,
): void {
  const run = async (body: unknown, asked: SubgraphRequest) => {
    const headers = new HeaderMap();
    headers.set('content-type', 'application/json');
    causes.began(headers, asked.cause);
    const response = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { method: 'POST', headers, body, search: '' },
      context: async () => options.context(asked),
    });
    if (response.body.kind !== 'complete') throw new Error('Incremental delivery is not served');
    return {
      headers: response.headers,
      status: response.status ?? 200,
      text: response.body.string,
    };
  };
  const onResponse = async (_request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    options.metrics.requests.inc({ status: String(reply.statusCode) });
  };
  // The signature is looked at before the body is read: a stranger costs next to nothing.
  const onRequest = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    if (readRequest(request, options.secret)) return undefined;
    return reply.code(401).send(problem('UNAUTHENTICATED', 'This call is not signed.'));
  };
  app.post('/graphql', { onRequest, onResponse }, async (request, reply) => {
    const asked = readRequest(request, options.secret);
    if (!asked) return reply.code(401).send(problem('UNAUTHENTICATED', 'This call is too old.'));
    if (Array.isArray(request.body)) {
      if (request.body.length === 0 || request.body.length > batchMax) {
        return reply.code(400).send(problem('BAD_REQUEST', 'The list of operations is not right.'));
      }
      return reply.type('application/json; charset=utf-8').send(
        await answerBatch(request.body, {
          secret: options.secret,
          deadlineMs: asked.deadlineMs,
          answer: async (body, one) => (await run(body, one)).text,
        }),
      );
    }
    const { headers, status, text } = await run(request.body, asked);
    for (const [key, value] of headers) reply.header(key, value);
    return reply.code(status).send(text);
  });
}

function serveHealth<C extends object>(
  app: FastifyInstance,
  { ready, metrics, name }: SubgraphServerOptions<C>,
): void {
  app.get('/health/live', () => ({ status: 'ok', service: name }));
  app.get('/health/ready', async (_request, reply) => {
    try {
      await within(ready(), readyTimeoutMs);
      return { status: 'ok', service: name };
    } catch {
      return reply.code(503).send({ status: 'unavailable', service: name });
    }
  });
  app.get('/metrics', async (_request, reply) => {
    reply.header('content-type', metrics.registry.contentType);
    return metrics.registry.metrics();
  });
}

/** Answers what failed outside of GraphQL: bodies that cannot be read, and bugs. */
function refuse(
  logger: Logger,
  { error, request, reply }: { error: unknown; request: FastifyRequest; reply: FastifyReply },
): FastifyReply {
  const status = statusOf(error);
  if (status === 413) return reply.code(413).send(problem('BAD_REQUEST', 'The body is too large.'));
  if (status >= 400 && status < 500) {
    return reply.code(status).send(problem('BAD_REQUEST', 'The request cannot be read.'));
  }
  logger.error({ err: error, path: request.routeOptions.url }, 'a request failed');
  return reply
    .code(500)
    .send(problem('INTERNAL_SERVER_ERROR', 'Something went wrong on our side.'));
}

function statusOf(error: unknown): number {
  if (!(error instanceof Error) || !('statusCode' in error)) return 500;
  return typeof error.statusCode === 'number' ? error.statusCode : 500;
}

function problem(code: FaultCode, message: string): { errors: readonly object[] } {
  return { errors: [{ message, extensions: { code } }] };
}

function readRequest(request: FastifyRequest, secret: string): SubgraphRequest | undefined {
  const identity = verifyIdentity(asText(request.headers[identityHeader]), secret, Date.now());
  if (!identity) return undefined;
  const deadlineMs = Number(asText(request.headers['x-ordergraph-deadline']) || Number.NaN);
  return {
    identity,
    cause: newCause(asText(request.headers['traceparent'])),
    deadlineMs: Number.isFinite(deadlineMs) ? deadlineMs : undefined,
  };
}

function withScalars(sdl: string, resolvers: unknown): GraphQLResolverMap<unknown> {
  const used = Object.entries(scalars).filter(([name]) => sdl.includes(`scalar ${name}\n`));
  return { ...Object.fromEntries(used), ...(resolvers as GraphQLResolverMap<unknown>) };
}

async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('timed out')), timeoutMs);
  });
  return Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}
