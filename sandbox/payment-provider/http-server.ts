import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { problemBody, type Problem } from './problem.ts';
import type { Answer } from './answer.ts';
import type { Call } from './routes.ts';

const bodyBytesMax = 64 * 1024;
const holdMsMax = 60_000;
const keepAliveMs = 65_000;
const requestMsMax = 30_000;
const streamPieceCharacters = 64 * 1024;

const starting: Problem = {
  status: 503,
  code: 'starting',
  message: 'Reading the journal. Try again.',
  param: null,
};
const unauthorized: Problem = {
  status: 401,
  code: 'unauthorized',
  message: 'Send Authorization: Bearer <key>.',
  param: null,
};
const tooLarge: Problem = {
  status: 413,
  code: 'body_too_large',
  message: 'A body may have 64 kB.',
  param: null,
};
const broken: Problem = {
  status: 500,
  code: 'internal_error',
  message: 'Something went wrong on our side.',
  param: null,
};

function sendProblem(
  response: ServerResponse,
  problem: Problem,
  headers: Record<string, string> = {},
): void {
  const body = problemBody(problem);
  const length = Buffer.byteLength(body);
  response.writeHead(problem.status, {
    'content-type': 'application/json',
    'content-length': length,
    ...headers,
  });
  response.end(body);
}

/** The body as text, or nothing when it is over the limit or the client left in the middle of it. */
function readBody(request: IncomingMessage): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) resolve(undefined);
    else chunks.push(chunk);
  });
  request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  request.on('close', () => resolve(undefined));
  return promise;
}

function* joined(pieces: Iterable<string>): Generator<string> {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length < streamPieceCharacters) continue;
    yield text;
    text = '';
  }
  yield text;
}

/** Leaves the request open until the client has enough or a minute is over; then the socket just ends. */
function hold(response: ServerResponse): void {
  const timer = setTimeout(() => response.destroy(), holdMsMax);
  response.on('close', () => clearTimeout(timer));
}

async function send(response: ServerResponse, answer: Answer): Promise<void> {
  switch (answer.kind) {
    case 'never':
      return hold(response);
    case 'stream':
      response.writeHead(200, { 'content-type': answer.contentType });
      return await pipeline(Readable.from(joined(answer.pieces)), response);
    case 'json': {
      const head: Record<string, string | number> = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(answer.body),
      };
      if (answer.replayed === true) head['idempotent-replayed'] = 'true';
      response.writeHead(answer.status, head);
      response.end(answer.body);
    }
  }
}

export type HttpServerOptions = {
  readonly apiKey: string;
  /** `undefined` while the provider is still reading its journal. */
  readonly routes: () => ((call: Call) => Answer | Promise<Answer>) | undefined;
  readonly log: (line: string) => void;
};

/** The HTTP side: who may call, bodies within their limit, and answers of every kind. Not yet listening. */
export function createHttpServer({ apiKey, routes, log }: HttpServerOptions): Server {
  const expected = Buffer.from(`Bearer ${apiKey}`);

  function isAuthorized(header: string | undefined): boolean {
    const given = Buffer.from(header ?? '');
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? '/';
    const queryAt = url.indexOf('?');
    const path = queryAt === -1 ? url : url.slice(0, queryAt);
    const route = routes();
    if (route === undefined) return sendProblem(response, starting, { connection: 'close' });
    if (path === '/health') {
      response.end('ok');
      return;
    }
    if (!isAuthorized(request.headers.authorization)) return sendProblem(response, unauthorized);
    const method = request.method ?? 'GET';
    const body = method === 'POST' ? await readBody(request) : '';
    if (body === undefined) return sendProblem(response, tooLarge, { connection: 'close' });
    const query = new URLSearchParams(queryAt === -1 ? '' : url.slice(queryAt));
    await send(response, await route({ method, path, query, headers: request.headers, body }));
  }

  const options = { keepAliveTimeout: keepAliveMs, requestTimeout: requestMsMax, noDelay: true };
  return createServer(options, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.destroyed) return;
      log(`${request.method} ${request.url} failed: ${String(error)}`);
      if (response.headersSent) response.destroy();
      else sendProblem(response, broken);
    });
  });
}
