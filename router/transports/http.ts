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
import { operationRequest, type Delivery, type OperationRequest } from '../request.ts';
import { resultText } from '../result.ts';
import { Heartbeats } from '../streams/heartbeats.ts';
import { streamOfOne } from '../streams/result-stream.ts';
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
import { multipartFormat } from './multipart.ts';
import { corsHeaders, isForeignRequest, mediaType } from './origins.ts';
import { bodyText } from './request-body.ts';
import { sseFormat } from './sse.ts';
import { writeStream } from './streamed-response.ts';

export type HttpTransportParts = {
  readonly pipeline: Pipeline;
  readonly identify: IdentifyCaller;
  readonly clientAddress: ClientAddress;
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
  /** The form of a single answer; undefined if none of ours is accepted. */
  readonly form: AnswerForm | undefined;
};

const answerTypes: Partial<Record<AnswerForm, string>> = {
  'graphql-response': 'application/graphql-response+json; charset=utf-8',
};

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
    const { request, response, forms } = exchange;
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
      return refused(refusal(error, logger), form);
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
        lastEventId: streaming === 'sse' ? header(request, 'last-event-id') : undefined,
        // A response is destroyed when its client goes before it has been written.
        signal: {
          get aborted() {
            return response.destroyed;
          },
        },
      },
    );
    return concluded(exchange, outcome, { form, streaming });
  };

  const concluded = (
    { request, response, headers }: Exchange,
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
    if (outcome.kind === 'refused') return refused(outcome.errors, form);
    const type = answerTypes[form] ?? jsonType;
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
    };
    const write = (given: HttpAnswer | undefined): void => {
      if (given) writeAnswer(response, given, { 'cache-control': 'no-store', ...headers });
    };
    answer(exchange).then(write, (error: unknown) => write(thrownAnswer(error, logger)));
    return true;
  };
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
function refused(errors: Parameters<typeof errorAnswer>[0], form: AnswerForm): HttpAnswer {
  const answer = errorAnswer(errors, answerTypes[form] ?? jsonType);
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
  try {
    return JSON.parse(text);
  } catch {
    // What is no JSON is no GraphQL request: here no client expects 200.
    throw new HttpRefusal(400, `The ${name} must be JSON.`);
  }
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

function typesFor(request: IncomingMessage, streaming: boolean): Delivery['operationTypes'] {
  return [
    'query',
    ...(isGet(request) ? [] : (['mutation'] as const)),
    ...(streaming ? (['subscription'] as const) : []),
  ];
}
