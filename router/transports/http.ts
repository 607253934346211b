/**
 * GraphQL over HTTP: POST with JSON, and GET for queries; streams by the `Accept` header. The order of refusals:
 * foreign simple request → method and media type → body → caller → operation. All of them are JSON with a code.
 */
import type { OutgoingHttpHeaders } from 'node:http';
import { fault } from '@ordergraph/platform/errors.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLFormattedError } from 'graphql';
import { refusal, retryAfterOf, statusOf } from '../errors.ts';
import type { IdentifyCaller } from '../partners/credentials.ts';
import type { Outcome, Pipeline } from '../pipeline.ts';
import type { ClientAddress } from '../rate-limit/client-address.ts';
import { operationRequest, type Delivery, type OperationRequest } from '../request.ts';
import { resultText } from '../result.ts';
import { Heartbeats } from '../streams/heartbeats.ts';
import { streamOfOne } from '../streams/result-stream.ts';
import { traceFrom } from '../trace.ts';
import { clientName } from '../usage/client-name.ts';
import { acceptedForms, type AnswerForm } from './accept.ts';
import { sendConditional } from './conditional.ts';
import { graphiqlHeaders } from './graphiql.ts';
import { multipartFormat } from './multipart.ts';
import { corsHeaders, isSimpleRequest, mediaType } from './origins.ts';
import { sseFormat } from './sse.ts';
import { writeStream } from './streamed-response.ts';

export type HttpTransportParts = {
  readonly pipeline: Pipeline;
  readonly identify: IdentifyCaller;
  readonly clientAddress: ClientAddress;
  readonly logger: Logger;
  readonly allowedOrigins: readonly string[];
  readonly heartbeatMs: number;
  /** The IDE's page; undefined where there is none. */
  readonly graphiql: (() => Promise<string>) | undefined;
};

/** A refusal with a status of its own, whatever its code would give. */
class HttpRefusal extends Error {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  constructor(status: number, message: string, headers: OutgoingHttpHeaders = {}) {
    super(message);
    this.name = 'HttpRefusal';
    this.status = status;
    this.headers = headers;
  }
}

const answerTypes: Partial<Record<AnswerForm, string>> = {
  'graphql-response': 'application/graphql-response+json; charset=utf-8',
};
const jsonType = 'application/json; charset=utf-8';

/** Serves `path` on an instance whose body parser hands over bodies as buffers. */
export function serveHttp(app: FastifyInstance, path: string, parts: HttpTransportParts): void {
  const { pipeline, identify, clientAddress, logger, allowedOrigins, graphiql } = parts;
  const heartbeats = new Heartbeats(parts.heartbeatMs);

  const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    void reply.headers(corsHeaders(request.headers, allowedOrigins));
    void reply.header('cache-control', 'no-store');
    const forms = acceptedForms(request.headers.accept);
    if (request.method === 'GET' && graphiql && forms.includes('html') && !hasQuery(request)) {
      return reply.headers(graphiqlHeaders).send(await graphiql());
    }
    const form = forms.find((accepted) => accepted !== 'html');
    if (form === undefined) {
      throw new HttpRefusal(406, 'None of the accepted media types can be given.');
    }
    return answer(request, reply, form, forms);
  };

  const answer = async (
    request: FastifyRequest,
    reply: FastifyReply,
    form: AnswerForm,
    forms: readonly AnswerForm[],
  ): Promise<unknown> => {
    refuseForeign(request);
    let operation: OperationRequest;
    const identified = await identify({
      authorization: request.headers.authorization,
      apiKey: header(request, 'x-api-key'),
    });
    const address = clientAddress(
      request.raw.socket.remoteAddress,
      request.headers['x-forwarded-for'],
    );
    const caller = { ...identified, address };
    try {
      operation = operationRequest(parameters(request));
    } catch (error) {
      if (error instanceof HttpRefusal) throw error;
      return sendErrors(reply, refusal(error, logger), form);
    }
    const gone = new AbortController();
    reply.raw.on('close', () => gone.abort());
    const origin = {
      caller,
      trace: traceFrom(header(request, 'traceparent')),
      client: clientName(request.headers),
    };
    const streaming = forms.find((accepted) => accepted === 'sse' || accepted === 'multipart');
    const outcome = await pipeline.run(operation, origin, {
      transport: form === 'sse' || form === 'multipart' ? form : 'http',
      operationTypes: typesFor(request.method, streaming !== undefined),
      lastEventId: streaming === 'sse' ? header(request, 'last-event-id') : undefined,
      signal: gone.signal,
    });
    return send(request, reply, outcome, { form, streaming });
  };

  const send = async (
    request: FastifyRequest,
    reply: FastifyReply,
    outcome: Outcome,
    { form, streaming }: { form: AnswerForm; streaming: AnswerForm | undefined },
  ): Promise<unknown> => {
    const unfitMutation = outcome.kind === 'refused' && outcome.unfit === 'mutation';
    if (unfitMutation) throw new HttpRefusal(405, 'A mutation needs POST.', { allow: 'POST' });
    if (outcome.kind === 'stream' || form === 'sse') {
      const format = streaming === 'multipart' ? multipartFormat : sseFormat;
      reply.hijack();
      const headers = Object.fromEntries(
        Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]),
      );
      // Over server-sent events everything is a stream.
      const stream = outcome.kind === 'stream' ? outcome.stream : streamOfOne(outcome);
      writeStream(reply.raw, stream, { format, headers, heartbeats });
      return reply;
    }
    if (outcome.kind === 'refused') return sendErrors(reply, outcome.errors, form);
    const type = answerTypes[form] ?? jsonType;
    const text = resultText(outcome.result);
    return request.method === 'GET' && outcome.result.errors.length === 0
      ? sendConditional(request, reply, { text, type })
      : reply.type(type).send(text);
  };

  app.route({ method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'], url: path, handler: handle });
  app.options(path, (request, reply) =>
    reply.headers(corsHeaders(request.headers, allowedOrigins)).code(204).send(),
  );
  app.setErrorHandler((error, _request, reply) => sendThrown(error, reply, logger));
  app.setNotFoundHandler(() => {
    throw new HttpRefusal(404, 'There is nothing here.');
  });
}

function refuseForeign(request: FastifyRequest): void {
  if (!['GET', 'POST'].includes(request.method)) {
    throw new HttpRefusal(405, 'Only GET and POST are served.', { allow: 'GET, POST' });
  }
  const type = mediaType(request.headers['content-type']);
  if (request.method === 'POST' && type !== 'application/json') {
    throw new HttpRefusal(415, 'The body must be application/json.', {
      accept: 'application/json',
    });
  }
  if (isSimpleRequest(request.headers)) {
    throw new HttpRefusal(
      400,
      'This request could come from a foreign page: send "content-type: application/json" or a header ' +
        '"apollo-require-preflight".',
    );
  }
}

function parameters(request: FastifyRequest): unknown {
  if (request.method === 'POST') {
    return Buffer.isBuffer(request.body) ? json('body', request.body.toString('utf8')) : undefined;
  }
  const { variables, extensions, ...rest } = queryOf(request);
  return {
    ...rest,
    variables: variables ? json('variables', variables) : undefined,
    extensions: extensions ? json('extensions', extensions) : undefined,
  };
}

function json(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw fault('BAD_REQUEST', `The ${name} must be JSON.`);
  }
}

function queryOf(request: FastifyRequest): Partial<Record<string, string>> {
  return Object.fromEntries(new URL(request.url, 'http://router').searchParams);
}

function hasQuery(request: FastifyRequest): boolean {
  const given = queryOf(request);
  return ['query', 'documentId', 'id', 'doc_id', 'extensions'].some((name) => name in given);
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function typesFor(method: string, streaming: boolean): Delivery['operationTypes'] {
  return [
    'query',
    ...(method === 'POST' ? (['mutation'] as const) : []),
    ...(streaming ? (['subscription'] as const) : []),
  ];
}

function sendErrors(
  reply: FastifyReply,
  errors: readonly GraphQLFormattedError[],
  form: AnswerForm,
): FastifyReply {
  const status = statusOf(errors);
  const retryAfter = retryAfterOf(errors);
  if (retryAfter !== undefined) void reply.header('retry-after', retryAfter);
  return reply
    .code(form === 'legacy-json' && status === 400 ? 200 : status)
    .type(answerTypes[form] ?? jsonType)
    .send(JSON.stringify({ errors }));
}

function sendThrown(error: unknown, reply: FastifyReply, logger: Logger): FastifyReply {
  if (error instanceof HttpRefusal) {
    void reply.headers(error.headers).code(error.status);
    return reply.type(jsonType).send(errorBody(error.message, 'BAD_REQUEST'));
  }
  const status = statusIn(error);
  if (status === 413)
    return reply.code(413).type(jsonType).send(errorBody('The body is too large.', 'BAD_REQUEST'));
  if (status !== undefined) {
    return reply
      .code(status)
      .type(jsonType)
      .send(errorBody('The request is not well formed.', 'BAD_REQUEST'));
  }
  const errors = refusal(error, logger);
  return reply.code(statusOf(errors)).type(jsonType).send(JSON.stringify({ errors }));
}

/** The status of a client's error that the HTTP layer found, for example a body over the limit. */
function statusIn(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  const { statusCode } = error;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
    ? statusCode
    : undefined;
}

export function errorBody(message: string, code: string): string {
  return JSON.stringify({ errors: [{ message, extensions: { code } }] });
}
