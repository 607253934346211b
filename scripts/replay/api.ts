/** The GraphQL API as the replay uses it: one operation at a time, repeated until it is answered. */
import { Agent, request } from 'undici';
import { z } from 'zod';
import type { Patience } from './patience.ts';

/** The server answered, and the answer is no: repeating would not help. */
export class Refused extends Error {}

export type Api = {
  /**
   * Runs an operation and reads its data. What was not answered is repeated, so it must be a query or carry
   * idempotency keys.
   * @throws Refused if the server does not accept it, OutOfPatience if it does not answer
   */
  run<S extends z.ZodType>(operation: Operation<S>): Promise<z.infer<S>>;
  close(): Promise<void>;
};

export type Operation<S extends z.ZodType> = {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly data: S;
};

const answerTimeoutMs = 30_000;
/** Codes after which the same request may be answered. */
const passing = new Set(['SERVICE_UNAVAILABLE', 'TIMEOUT', 'INTERNAL_SERVER_ERROR', 'THROTTLED']);

const answerSchema = z.object({
  data: z.unknown(),
  errors: z
    .array(
      z.object({
        message: z.string(),
        extensions: z.looseObject({ code: z.string().optional() }).optional(),
      }),
    )
    .optional(),
});

type Answer = { kind: 'data'; data: unknown } | { kind: 'unanswered'; reason: string };

export function openApi(options: {
  url: string;
  token: string;
  connectionsMax: number;
  patience: Patience;
}): Api {
  const agent = new Agent({ connections: options.connectionsMax, pipelining: 1 });
  const send = async (body: string): Promise<Answer> => {
    const { statusCode, body: answer } = await request(options.url, {
      method: 'POST',
      dispatcher: agent,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${options.token}` },
      body,
      headersTimeout: answerTimeoutMs,
      bodyTimeout: answerTimeoutMs,
    });
    return readAnswer(statusCode, await answer.text());
  };
  return {
    async run({ query, variables, data }) {
      const body = JSON.stringify({ query, variables });
      const attempt = options.patience.attempt();
      for (;;) {
        const answer = await send(body).catch(networkFailure);
        if (answer.kind === 'data') {
          attempt.worked();
          return data.parse(answer.data);
        }
        await attempt.failed(answer.reason);
      }
    },
    close: () => agent.destroy(),
  };
}

function readAnswer(status: number, text: string): Answer {
  const answer = answerSchema.safeParse(jsonIn(text));
  if (!answer.success) return { kind: 'unanswered', reason: `HTTP ${status}` };
  const [error] = answer.data.errors ?? [];
  if (!error) return { kind: 'data', data: answer.data.data };
  const code = error.extensions?.code ?? `HTTP ${status}`;
  if (passing.has(code)) return { kind: 'unanswered', reason: code };
  throw new Refused(`${code}: ${error.message}`);
}

function networkFailure(error: unknown): Answer {
  if (error instanceof Refused) throw error;
  return { kind: 'unanswered', reason: reasonOf(error) };
}

/** A short name for what broke: the system's code where there is one. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return cause instanceof Error ? reasonOf(cause) : error.message || error.name;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
