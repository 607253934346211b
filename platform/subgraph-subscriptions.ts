/**
 * A subgraph's subscriptions over graphql-transport-ws. One socket of the router carries the operations of many callers,
 * so each operation brings its own signed identity in `extensions.identity`; the socket itself needs one to open.
 */
import type { Server } from 'node:http';
import {
  GraphQLError,
  parse,
  validate,
  type ExecutionArgs,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import type { SubscribePayload } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import { fault } from './errors.ts';
import { verifyIdentity } from './identity.ts';
import type { Logger } from './logger.ts';
import { asText, newCause, reportError, type SubgraphRequest } from './subgraph-request.ts';

export type SubscriptionOptions<C extends object> = {
  readonly schema: GraphQLSchema;
  readonly secret: string;
  readonly context: (request: SubgraphRequest) => C;
  readonly logger: Logger;
  readonly frameMaxBytes: number;
};

/** Takes over the upgrades of a server on `/graphql`. `stop` ends every subscription and closes the sockets. */
export function serveSubscriptions<C extends object>(
  server: Server,
  options: SubscriptionOptions<C>,
): { stop(): Promise<void> } {
  const { secret, logger, frameMaxBytes } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: frameMaxBytes,
  });
  server.on('upgrade', (request, socket, head) => {
    if (request.url === '/graphql') {
      sockets.handleUpgrade(request, socket, head, (client) =>
        sockets.emit('connection', client, request),
      );
    } else socket.destroy();
  });
  const serving = useServer(
    {
      onConnect: ({ connectionParams }) =>
        verifyIdentity(asText(connectionParams?.['identity']), secret, Date.now()) !== undefined,
      onSubscribe: (_socket, _id, payload) => prepare(options, payload),
      onError: (_socket, _id, _payload, errors) =>
        errors.map((error) => reportError(logger, error.toJSON(), error)),
      onNext: (_socket, _id, _payload, _args, result) => {
        const errors = result.errors?.map((error) =>
          asError(reportError(logger, error.toJSON(), error)),
        );
        if (errors) Object.assign(result, { errors });
      },
    },
    sockets,
  );
  return {
    async stop() {
      await serving.dispose();
      for (const client of sockets.clients) client.terminate();
    },
  };
}

/** What to run for a subscribe message, or why not. An exception here would close the socket for everybody. */
function prepare<C extends object>(
  { schema, secret, context }: SubscriptionOptions<C>,
  payload: SubscribePayload,
): ExecutionArgs | readonly GraphQLError[] {
  const identity = verifyIdentity(asText(payload.extensions?.['identity']), secret, Date.now());
  if (!identity) return [fault('UNAUTHENTICATED', 'This operation is not signed.')];
  try {
    const document = parse(payload.query);
    const errors = validate(schema, document);
    if (errors.length > 0) return errors;
    const cause = newCause(asText(payload.extensions?.['traceparent']));
    return {
      schema,
      document,
      operationName: payload.operationName,
      variableValues: payload.variables,
      contextValue: context({ identity, cause, deadlineMs: undefined }),
    };
  } catch (error) {
    return [error instanceof GraphQLError ? error : new GraphQLError('Failed')];
  }
}

function asError(formatted: GraphQLFormattedError): GraphQLError {
  return new GraphQLError(formatted.message, {
    ...(formatted.path ? { path: formatted.path } : {}),
    ...(formatted.extensions ? { extensions: formatted.extensions } : {}),
  });
}
