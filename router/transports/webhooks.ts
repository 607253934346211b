/**
 * Webhooks of payment providers, handed through as they came: the signature covers the bytes of the body, so neither
 * they nor the provider's headers are touched. What would speak with the router's authority is left out.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Logger } from '@ordergraph/platform/logger.ts';
import type { FastifyInstance } from 'fastify';
import { Agent } from 'undici';
import { traceFrom, traceparentOf } from '../trace.ts';
import { errorBody } from './http-answer.ts';

export type WebhookParts = {
  /** Where each channel's webhooks go. */
  readonly targets: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly logger: Logger;
};

export type WebhookProxy = { close(): Promise<void> };

const bodyLimitBytes = 1024 * 1024;
const answerLimitBytes = 64 * 1024;

/** Headers of the connection, and those that only the router may set or read. */
const ownHeaders = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'host',
  'content-length',
  'authorization',
  'cookie',
  'x-api-key',
  'traceparent',
  'tracestate',
]);

export function serveWebhooks(app: FastifyInstance, parts: WebhookParts): WebhookProxy {
  const agent = new Agent({ connections: 32, headersTimeout: 0, bodyTimeout: 0 });
  const targets = new Map(
    Object.entries(parts.targets).map(([channel, url]) => [channel, new URL(url)]),
  );

  app.post<{ Params: { channel: string } }>(
    '/webhooks/:channel',
    { bodyLimit: bodyLimitBytes },
    async (request, reply) => {
      const target = targets.get(request.params.channel);
      if (!target) {
        return reply
          .code(404)
          .type('application/json')
          .send(errorBody('There is no such channel.', 'BAD_REQUEST'));
      }
      const timeout = AbortSignal.timeout(parts.timeoutMs);
      try {
        const answer = await agent.request({
          origin: target.origin,
          path: target.pathname + target.search,
          method: 'POST',
          headers: {
            ...forwarded(request.headers),
            traceparent: traceparentOf(traceFrom(undefined)),
          },
          body: Buffer.isBuffer(request.body) ? request.body : null,
          signal: timeout,
        });
        const text = await answer.body.text();
        const type = answer.headers['content-type'];
        return reply
          .code(answer.statusCode)
          .type(typeof type === 'string' ? type : 'application/json')
          .send(text.length > answerLimitBytes ? '' : text);
      } catch (error) {
        parts.logger.warn({ err: error, channel: request.params.channel }, 'webhook not delivered');
        const [status, code] = timeout.aborted
          ? ([504, 'TIMEOUT'] as const)
          : ([503, 'SERVICE_UNAVAILABLE'] as const);
        return reply
          .code(status)
          .type('application/json')
          .send(errorBody('The webhook could not be delivered: send it again.', code));
      }
    },
  );
  return { close: () => agent.close() };
}

function forwarded(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).filter(
      (entry): entry is [string, string | string[]] =>
        entry[1] !== undefined &&
        !ownHeaders.has(entry[0]) &&
        !entry[0].startsWith('x-ordergraph-'),
    ),
  );
}
