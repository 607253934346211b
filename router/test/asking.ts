/** One operation asked by every transport that the router has, and what came of it, told alike. */
import { request } from 'undici';
import { WebSocket } from 'ws';
import { isRecord } from '../request.ts';

export type Question = {
  /** `query`, `documentId`, `variables` …; objects become JSON in an address. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly apiKey?: string | undefined;
  readonly authorization?: string | undefined;
  /** What `connection_init` brings, in place of the usual. */
  readonly init?: Readonly<Record<string, unknown>>;
  /** Of the request by GET, or of the one that opens a WebSocket. */
  readonly headers?: Readonly<Record<string, string>>;
};

export type Reply = {
  /** HTTP status, or the code that the WebSocket was closed with; 0 while it is open. */
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: unknown;
  /** The errors' codes; UNAUTHENTICATED for a socket closed with 4401. */
  readonly codes: readonly unknown[];
  /** All that came, to look for what must not be in it. */
  readonly text: string;
};

export const transports = ['POST', 'GET', 'SSE', 'multipart', 'WebSocket'] as const;
export type TransportName = (typeof transports)[number];

export async function ask(url: string, transport: TransportName, question: Question) {
  switch (transport) {
    case 'POST':
      return overHttp(url, question, 'application/json');
    case 'SSE':
      return overHttp(url, question, 'text/event-stream');
    case 'multipart':
      return overHttp(url, question, 'multipart/mixed;subscriptionSpec="1.0", application/json');
    case 'GET':
      return byAddress(url, question);
    case 'WebSocket':
      return overSocket(url, question);
  }
}

function credentials({ apiKey, authorization }: Question): Record<string, string> {
  return {
    ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }),
    ...(authorization === undefined ? {} : { authorization }),
  };
}

async function overHttp(url: string, question: Question, accept: string): Promise<Reply> {
  return replyTo(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...credentials(question) },
    body: JSON.stringify(question.parameters),
  });
}

async function byAddress(url: string, question: Question): Promise<Reply> {
  const address = new URL(url);
  for (const [name, value] of Object.entries(question.parameters)) {
    address.searchParams.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  const headers = { accept: 'application/json', 'apollo-require-preflight': '1' };
  return replyTo(address.href, {
    method: 'GET',
    headers: { ...headers, ...credentials(question), ...question.headers },
  });
}

async function replyTo(url: string, options: Parameters<typeof request>[1]): Promise<Reply> {
  const { statusCode: status, headers, body } = await request(url, options);
  const text = await body.text();
  return { status, headers, text, ...resultIn(text) };
}

/** The first result in a text, whether it is JSON, an event, or a part. */
function resultIn(text: string): Pick<Reply, 'data' | 'codes'> {
  const json = /\{"(?:data|errors|payload)":.*\}/s.exec(text.replaceAll(/\r?\n/g, '\n'))?.[0];
  const line = json?.split('\n', 1)[0];
  const parsed: unknown = line ? JSON.parse(line) : undefined;
  return resultOf(isRecord(parsed) && isRecord(parsed['payload']) ? parsed['payload'] : parsed);
}

function resultOf(result: unknown): Pick<Reply, 'data' | 'codes'> {
  const { data, errors } = isRecord(result) ? result : {};
  const codes = Array.isArray(errors) ? errors.map(codeOf) : [];
  return { data, codes };
}

function codeOf(error: unknown): unknown {
  const extensions = isRecord(error) ? error['extensions'] : undefined;
  return isRecord(extensions) ? extensions['code'] : undefined;
}

async function overSocket(url: string, question: Question): Promise<Reply> {
  const { parameters, apiKey, authorization, headers = {} } = question;
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', { headers });
  const texts: string[] = [];
  try {
    return await new Promise<Reply>((resolve, reject) => {
      const reply = (status: number, result: Pick<Reply, 'data' | 'codes'>) =>
        resolve({ status, headers: {}, text: texts.join('\n'), ...result });
      socket.on('error', reject);
      socket.on('close', (code, reason) => {
        texts.push(String(reason));
        reply(code, { data: undefined, codes: code === 4401 ? ['UNAUTHENTICATED'] : [] });
      });
      socket.on('open', () => {
        const payload = question.init ?? {
          ...(apiKey === undefined ? {} : { apiKey }),
          ...(authorization === undefined ? {} : { Authorization: authorization }),
        };
        socket.send(JSON.stringify({ type: 'connection_init', payload }));
      });
      socket.on('message', (data: Buffer) => {
        const text = data.toString();
        texts.push(text);
        const message: unknown = JSON.parse(text);
        if (!isRecord(message)) return;
        const { type, payload } = message;
        if (type === 'connection_ack') {
          socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: parameters }));
        }
        if (type === 'next') reply(0, resultOf(payload));
        if (type === 'error') reply(0, resultOf({ errors: payload }));
      });
    });
  } finally {
    socket.terminate();
  }
}
