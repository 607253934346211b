/** Real clients of streams: what they received, in order, and how it ended. */
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createSocketClient, type Client } from 'graphql-ws';
import { request } from 'undici';
import { WebSocket } from 'ws';
import { multipartReader } from './multipart-reader.ts';

export type Received = {
  readonly results: unknown[];
  /** `complete`, or what the client was given as the error. */
  end: unknown;
  stop(): void;
};

type Operation = {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
  readonly extensions?: Record<string, unknown>;
};

export function socketClient(url: string, connectionParams: Record<string, unknown> = {}): Client {
  return createSocketClient({
    url: url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams,
    retryAttempts: 0,
  });
}

export function overSocket(client: Client, operation: Operation): Received {
  return collect((sink) => client.subscribe(operation, sink));
}

export function overSse(
  url: string,
  operation: Operation,
  headers: Record<string, string> = {},
): Received {
  const client = createSseClient({ url, headers, retryAttempts: 0 });
  return collect((sink) => client.subscribe(operation, sink));
}

/** A client of Apollo's multipart protocol, over whatever pieces the connection gives. */
export function overMultipart(
  url: string,
  operation: Operation,
  headers: Record<string, string> = {},
): Received {
  const gone = new AbortController();
  const received: Received = { results: [], end: undefined, stop: () => gone.abort() };
  void readMultipart(url, operation, { headers, signal: gone.signal, received });
  return received;
}

async function readMultipart(
  url: string,
  operation: Operation,
  {
    headers,
    signal,
    received,
  }: { headers: Record<string, string>; signal: AbortSignal; received: Received },
): Promise<void> {
  try {
    const response = await request(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0", application/json',
        ...headers,
      },
      body: JSON.stringify(operation),
      signal,
    });
    const reader = multipartReader(String(response.headers['content-type']));
    response.body.setEncoding('utf8');
    for await (const piece of response.body) {
      for (const event of reader.read(String(piece))) {
        if (event.kind === 'result') received.results.push(event.result);
        if (event.kind === 'failure') received.end = event.errors;
      }
    }
    if (!reader.isClosed) throw new Error('the stream broke off');
    received.end ??= 'complete';
  } catch (error) {
    received.end ??= signal.aborted ? 'complete' : error;
  }
}

type Sink = { next(value: unknown): void; error(error: unknown): void; complete(): void };

function collect(subscribe: (sink: Sink) => () => void): Received {
  const received: Received = { results: [], end: undefined, stop: () => undefined };
  received.stop = subscribe({
    next: (value) => received.results.push(value),
    error: (error) => {
      received.end = error;
    },
    complete: () => {
      received.end = 'complete';
    },
  });
  return received;
}

/** A streamed answer as text, as far as it has come. */
export async function rawStream(
  url: string,
  operation: Operation,
  headers: Record<string, string>,
) {
  const gone = new AbortController();
  const {
    body,
    headers: answered,
    statusCode,
  } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(operation),
    signal: gone.signal,
  });
  const stream = {
    text: '',
    ended: false,
    status: statusCode,
    headers: answered,
    stop: () => gone.abort(),
  };
  body.on('data', (chunk: Buffer) => {
    stream.text += chunk.toString();
  });
  body.on('end', () => {
    stream.ended = true;
  });
  body.on('error', () => undefined);
  return stream;
}
