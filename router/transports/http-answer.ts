/** What an HTTP request is answered with, and refusals that have a status of their own. */
import type { ServerResponse } from 'node:http';
import type { GraphQLFormattedError } from 'graphql';
import { refusal, retryAfterOf, statusOf } from '../errors.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';

export type HttpHeaders = Readonly<Record<string, string>>;

export type HttpAnswer = {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly text: string;
  /** Of a refusal. */
  readonly errors?: readonly GraphQLFormattedError[];
};

export const jsonType = 'application/json; charset=utf-8';

/** A refusal with a status of its own, whatever its code would give. */
export class HttpRefusal extends Error {
  readonly status: number;
  readonly headers: HttpHeaders;
  constructor(status: number, message: string, headers: HttpHeaders = {}) {
    super(message);
    this.name = 'HttpRefusal';
    this.status = status;
    this.headers = headers;
  }
}

export function errorBody(message: string, code: string): string {
  return JSON.stringify({ errors: [errorOf(message, code)] });
}

export function errorOf(message: string, code: string): GraphQLFormattedError {
  return { message, extensions: { code } };
}

/** The answer to a request that could not even be read, or that nobody foresaw. */
export function thrownAnswer(error: unknown, logger: Logger): HttpAnswer {
  if (!(error instanceof HttpRefusal)) return errorAnswer(refusal(error, logger), jsonType);
  return {
    status: error.status,
    headers: { 'content-type': jsonType, ...error.headers },
    text: errorBody(error.message, 'BAD_REQUEST'),
    errors: [errorOf(error.message, 'BAD_REQUEST')],
  };
}

export function errorAnswer(errors: readonly GraphQLFormattedError[], type: string): HttpAnswer {
  const retryAfter = retryAfterOf(errors);
  return {
    status: statusOf(errors),
    headers: {
      'content-type': type,
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
    },
    text: JSON.stringify({ errors }),
    errors,
  };
}

/** @param headers besides the answer's own, which come before them */
export function writeAnswer(
  response: ServerResponse,
  { status, headers, text }: HttpAnswer,
  more: HttpHeaders,
): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...more, ...headers, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
