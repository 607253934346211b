/**
 * GraphQL over HTTP: POST with JSON, and GET for queries; streams by the `Accept` header. The order of refusals:
 * foreign request → method and media type → body → caller → operation. All of them are JSON with a code.
 *
 * This is the way of almost every request, so it stands on Node's server itself, without a framework between.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { refusal } from '../errors.ts';
import type { IdentifyCaller } from '../partners/credentials.ts';
import type { Outcome, Pipeline } from '../pipeline.ts';
import type { ClientAddress } from '../rate-limit/client-address.ts';
import { refusedRequest } from '../refused-request.ts';
import { operationRequest, type Delivery, type OperationRequest } from '../request.ts';
import { resultText } from '../result.ts';
import { Heartbeats } from '../streams/heartbeats.ts';
import { streamOfOne } from '../streams/result-stream.ts';
import type { FinishedRequest, Telemetry } from '../telemetry.ts';
import { traceFrom } from '../trace.ts';
import { clientName } from '../usage/client-name.ts';
import { acceptedForms, type AnswerForm } from './accept.ts';
import { conditionalAnswer } from './conditional.ts';
import { graphiqlHeaders } from './graphiql.ts';
import {
  errorAnswer,
  HttpRefusal,
  jsonType,
  thrownAnswer,
  writeAnswer,
  type HttpAnswer,
  type HttpHeaders,
} from './http-answer.ts';
import { parsedJson } from './json-text.ts';
import { multipartFormat } from './multipart.ts';
import { corsHeaders, isForeignRequest, mediaType } from './origins.ts';
import { bodyText } from './request-body.ts';
import { sseFormat } from './sse.ts';
import { writeStream } from './streamed-response.ts';

export type HttpTransportParts = {
  readonly pipeline: Pipeline;
  readonly identify: IdentifyCaller;
  readonly clientAddress: ClientAddress;
  readonly telemetry: Pick<Telemetry, 'request'>;
  readonly logger: Logger;
  readonly allowedOrigins: readonly string[];
  readonly heartbeatMs: number;
  readonly bodyLimitBytes: number;
  /** The IDE's page; undefined where there is none. */
  readonly graphiql: (() => Promise<string>) | undefined;
};

/** Takes a request if it is for its path. */
export type HttpDoor = (request: IncomingMessage, response: ServerResponse) => boolean;

type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Of any answer. */
  readonly headers: HttpHeaders;
  readonly forms: readonly AnswerForm[];
  /** The one that is accepted best; undefined if none of ours is. */
  readonly form: AnswerForm | undefined;
  /** As `performance.now()` tells it. */
  readonly begun: number;
  /** The operation, once there was one. */
  finished: FinishedRequest | undefined;
  /** The form of a single answer: a client that would rather have parts gets what it accepts besides. */
  readonly single: AnswerForm | undefined;
};

function answerType(form: AnswerForm | undefined): string {
  return form === 'graphql-response'
    ? 'application/graphql-response+json; charset=utf-8'
    : jsonType;
}

export function createHttpDoor(path: string, parts: HttpTransportParts): HttpDoor {
  const { pipeline, identify, clientAddress, logger, allowedOrigins, graphiql } = parts;
  const heartbeats = new Heartbeats(parts.heartbeatMs);

  /** What there is to write; undefined if a stream has taken the response over. */
  const answer = async (exchange: Exchange): Promise<HttpAnswer | undefined> => {
    const { request, forms, form } = exchange;
    if (request.method === 'OPTIONS') return { status: 204, headers: {}, text: '' };
    if (isGet(request) && graphiql && forms.includes('html') && !hasQuery(request)) {
      return { status: 200, headers: graphiqlHeaders, text: await graphiql() };
    }
    if (form === undefined) {
      throw new HttpRefusal(406, 'None of the accepted media types can be given.');
    }
    refuseForeign(request, allowedOrigins);
    return operate(exchange, form);
  };

  const operate = async (exchange: Exchange, form: AnswerForm): Promise<HttpAnswer | undefined> => {
    const { request, response, forms, single } = exchange;
    const body = isGet(request) ? undefined : await bodyText(request, parts.bodyLimitBytes);
    const { headers, socket } = request;
    const identified = await identify({
      authorization: headers.authorization,
      apiKey: header(request, 'x-api-key'),
    });
    const address = clientAddress(socket.remoteAddress, headers['x-forwarded-for']);
    let operation: OperationRequest;
    try {
      operation = operationRequest(
        body === undefined ? searchParameters(request) : json('body', body),
      );
    } catch (error) {
      if (error instanceof HttpRefusal) throw error;
      return refused(refusal(error, logger), single);
    }
    const streaming = forms.find((accepted) => accepted === 'sse' || accepted === 'multipart');
    const outcome = await pipeline.run(
      operation,
      {
        caller: { ...identified, address },
        trace: traceFrom(header(request, 'traceparent')),
        client: clientName(headers),
      },
      {
        transport: form === 'sse' || form === 'multipart' ? form : 'http',
        operationTypes: typesFor(request, streaming !== undefined),
        lastEventId: streaming === 'sse' ? utf8Header(request, 'last-event-id') : undefined,
        // A response is destroyed when its client goes before it has been written.
        signal: {
          get aborted() {
            return response.destroyed;
          },
        },
        report: (finished) => {
          exchange.finished = finished;
        },
      },
    );
    return concluded(exchange, outcome, { form, streaming });
  };

  const concluded = (
    { request, response, headers, single }: Exchange,
    outcome: Outcome,
    { form, streaming }: { form: AnswerForm; streaming: AnswerForm | undefined },
  ): HttpAnswer | undefined => {
    const unfitMutation = outcome.kind === 'refused' && outcome.unfit === 'mutation';
    if (unfitMutation) throw new HttpRefusal(405, 'A mutation needs POST.', { allow: 'POST' });
    if (outcome.kind === 'stream' || form === 'sse') {
      const format = streaming === 'multipart' ? multipartFormat : sseFormat;
      // Over server-sent events everything is a stream.
      const stream = outcome.kind === 'stream' ? outcome.stream : streamOfOne(outcome);
      writeStream(response, stream, { format, headers, heartbeats });
      return undefined;
    }
    if (outcome.kind === 'refused') return refused(outcome.errors, single);
    const type = answerType(single);
    const text = resultText(outcome.result);
    const publicForMs = showsWho(request) ? undefined : outcome.result.publicForMs;
    return isGet(request) && outcome.result.errors.length === 0
      ? conditionalAnswer({ text, type, publicForMs }, header(request, 'if-none-match'))
      : { status: 200, headers: { 'content-type': type }, text };
  };

  return (request, response) => {
    if (pathOf(request) !== path) return false;
    const forms = acceptedForms(request.headers.accept);
    const headers = corsHeaders(request.headers, allowedOrigins);
    const exchange: Exchange = {
      request,
      response,
      headers,
      forms,
      form: forms.find((accepted) => accepted !== 'html'),
      begun: performance.now(),
      finished: undefined,
      single: forms.find((accepted) => accepted !== 'html' && accepted !== 'multipart'),
    };
    const write = (given: HttpAnswer | undefined): void => {
      if (given) writeAnswer(response, given, { 'cache-control': 'no-store', ...headers });
      const finished = exchange.finished ?? unheard(exchange, given);
      if (finished) parts.telemetry.request({ ...finished, status: given?.status ?? 200 });
    };
    answer(exchange).then(write, (error: unknown) =>
      write(thrownAnswer(error, logger, answerType(exchange.single))),
    );
    return true;
  };
}

/** What was refused before there was an operation; undefined for what is none, such as the IDE's page. */
function unheard(
  { request, begun }: Exchange,
  given: HttpAnswer | undefined,
): FinishedRequest | undefined {
  if (!given?.errors) return undefined;
  return refusedRequest({
    transport: 'http',
    trace: traceFrom(header(request, 'traceparent')),
    client: clientName(request.headers),
    errors: given.errors,
    seconds: (performance.now() - begun) / 1000,
  });
}

function refuseForeign(request: IncomingMessage, allowedOrigins: readonly string[]): void {
  if (!isGet(request) && request.method !== 'POST') {
    throw new HttpRefusal(405, 'Only GET and POST are served.', { allow: 'GET, POST' });
  }
  if (
    request.method === 'POST' &&
    mediaType(request.headers['content-type']) !== 'application/json'
  ) {
    throw new HttpRefusal(415, 'The body must be application/json.', {
      accept: 'application/json',
    });
  }
  if (isForeignRequest(request.headers, allowedOrigins)) {
    throw new HttpRefusal(
      400,
      'This request could come from a foreign page: send "content-type: application/json" or a header ' +
        '"apollo-require-preflight".',
    );
  }
}

/** Clients of old expect 200 for whatever is a GraphQL answer. */
function refused(
  errors: Parameters<typeof errorAnswer>[0],
  form: AnswerForm | undefined,
): HttpAnswer {
  const answer = errorAnswer(errors, answerType(form));
  return form === 'legacy-json' && answer.status === 400 ? { ...answer, status: 200 } : answer;
}

function isGet({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Whether somebody in particular asks. */
function showsWho({ headers }: IncomingMessage): boolean {
  return headers.authorization !== undefined || headers['x-api-key'] !== undefined;
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}

function searchParameters(request: IncomingMessage): unknown {
  const { variables, extensions, ...rest } = queryOf(request);
  return {
    ...rest,
    variables: variables ? json('variables', variables) : undefined,
    extensions: extensions ? json('extensions', extensions) : undefined,
  };
}

function json(name: string, text: string): unknown {
  const value = parsedJson(text);
  // What is no JSON is no GraphQL request: here no client expects 200.
  if (value === undefined) throw new HttpRefusal(400, `The ${name} must be JSON.`);
  return value;
}

function queryOf({ url = '/' }: IncomingMessage): Partial<Record<string, string>> {
  return Object.fromEntries(new URL(url, 'http://router').searchParams);
}

function hasQuery(request: IncomingMessage): boolean {
  const given = queryOf(request);
  return ['query', 'documentId', 'id', 'doc_id', 'extensions'].some((name) => name in given);
}

function header({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Browsers send ids as they came, in UTF-8; Node takes each byte of a header for a character. */
function utf8Header(request: IncomingMessage, name: string): string | undefined {
  const value = header(request, name);
  return value === undefined ? undefined : Buffer.from(value, 'latin1').toString('utf8');
}

function typesFor(request: IncomingMessage, streaming: boolean): Delivery['operationTypes'] {
  return [
    'query',
    ...(isGet(request) ? [] : (['mutation'] as const)),
    // What HEAD begins nobody reads, and nothing would end it.
    ...(streaming && request.method !== 'HEAD' ? (['subscription'] as const) : []),
  ];
}
