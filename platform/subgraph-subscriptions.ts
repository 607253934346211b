/**
 * A subgraph's subscriptions over graphql-transport-ws. One socket of the router carries the operations of many callers,
 * so each operation brings its own signed identity in `extensions.identity`; the socket itself needs one to open.
 */
import type { Server } from 'node:http';
import {
  getOperationAST,
  getVariableValues,
  GraphQLError,
  parse,
  validate,
  type DocumentNode,
  type ExecutionArgs,
  type GraphQLSchema,
} from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import type { SubscribePayload } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import { fault, type FaultCode } from './errors.ts';
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

/** How long a client may take to answer the closing handshake, in milliseconds. */
const closingMaxMs = 1_000;

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
  const reporting = (payload: SubscribePayload) => {
    const { traceparent, correlationId } = newCause(asText(payload.extensions?.['traceparent']));
    return { logger, traceId: traceparent && correlationId };
  };
  const serving = useServer(
    {
      // Otherwise a socket that is closed for a fault would be told the fault's message.
      isProd: true,
      onConnect: ({ connectionParams }) =>
        verifyIdentity(asText(connectionParams?.['identity']), secret, Date.now()) !== undefined,
      onSubscribe: (_socket, _id, payload) => prepare(options, payload),
      onError: (_socket, _id, payload, errors) =>
        errors.map((error) => reportError(reporting(payload), error.toJSON(), error)),
      onNext: (_socket, _id, payload, _args, result) => {
        if (!result.errors) return undefined;
        // Returned, not changed in place: the library sends the errors that it took out of the result before this call.
        return {
          ...(result.data === undefined ? {} : { data: result.data }),
          ...(result.extensions ? { extensions: result.extensions } : {}),
          errors: result.errors.map((error) =>
            reportError(reporting(payload), error.toJSON(), error),
          ),
        };
      },
    },
    sockets,
  );
  return {
    async stop() {
      const disposed = Promise.resolve(serving.dispose());
      // A client that does not answer the closing handshake would hold up the process for half a minute.
      const timer = setTimeout(() => {
        for (const client of sockets.clients) client.terminate();
      }, closingMaxMs);
      await disposed.finally(() => clearTimeout(timer));
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
    const document = parseOperation(payload.query);
    const errors = validate(schema, document);
    if (errors.length > 0) {
      return errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED'));
    }
    const operation = getOperationAST(document, payload.operationName);
    if (!operation) {
      return [fault('OPERATION_RESOLUTION_FAILURE', 'It is not clear which operation to run.')];
    }
    const { errors: wrong } = getVariableValues(
      schema,
      operation.variableDefinitions ?? [],
      payload.variables ?? {},
    );
    if (wrong) return wrong.map((error) => withCode(error, 'BAD_USER_INPUT'));
    const cause = newCause(asText(payload.extensions?.['traceparent']));
    return {
      schema,
      document,
      operationName: payload.operationName,
      variableValues: payload.variables,
      contextValue: context({ identity, cause, deadlineMs: undefined }),
    };
  } catch (error) {
    if (error instanceof GraphQLError) return [error];
    return [new GraphQLError('Failed', { originalError: asThrown(error) })];
  }
}

function parseOperation(text: string): DocumentNode {
  try {
    return parse(text);
  } catch (error) {
    throw error instanceof GraphQLError ? withCode(error, 'GRAPHQL_PARSE_FAILED') : error;
  }
}

/** graphql-js gives its own errors no code; those of our scalars have one. */
function withCode(error: GraphQLError, code: FaultCode): GraphQLError {
  return new GraphQLError(error.message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    extensions: { code, ...error.extensions },
  });
}

function asThrown(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
