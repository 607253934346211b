/** `POST /webhooks/<channel>`: believed only if its signature over the raw bytes is the provider's. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '@ordergraph/platform/clock.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import type { Channels } from '../channels/channel.ts';
import type { Webhooks } from '../webhooks.ts';

export type WebhookRouteOptions = {
  readonly channels: Channels;
  readonly webhooks: Webhooks;
  readonly clock: Clock;
  readonly logger: Logger;
};

const bodyLimitBytes = 256 * 1024;

/** Adds the route in a scope of its own, where every body is bytes. Errors are JSON with a stable code. */
export function webhookRoute(options: WebhookRouteOptions) {
  return (app: FastifyInstance): void => {
    void app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) =>
        done(null, body),
      );
      scope.setErrorHandler((error: FastifyError, _request, reply) => fail(options, reply, error));
      scope.post<{ Params: { channel: string } }>(
        '/webhooks/:channel',
        { bodyLimit: bodyLimitBytes },
        (request, reply) => receive(options, request, reply),
      );
    });
  };
}

async function receive(
  { channels, webhooks, clock }: WebhookRouteOptions,
  request: FastifyRequest<{ Params: { channel: string } }>,
  reply: FastifyReply,
): Promise<unknown> {
  const channel = [...channels.values()].find(
    ({ name }) => name.toLowerCase() === request.params.channel,
  );
  if (!channel) return refuse(reply, 404, ['NOT_FOUND', 'There is no such channel.']);
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const reading = channel.readWebhook({
    headers: request.headers,
    body,
    nowMs: clock.now().getTime(),
  });
  if (reading.kind === 'forged') {
    return refuse(reply, 401, ['UNAUTHENTICATED', 'The signature is missing, wrong or too old.']);
  }
  if (reading.kind === 'malformed') {
    return refuse(reply, 400, ['BAD_REQUEST', 'The body is not an event of this channel.']);
  }
  const { event } = reading;
  const text = body.toString('utf8');
  await webhooks.receive({
    channel: channel.name,
    id: event.id,
    type: event.type,
    body: text,
    event,
  });
  return reply.code(200).send({ received: true });
}

function fail({ logger }: WebhookRouteOptions, reply: FastifyReply, error: FastifyError): unknown {
  const status = error.statusCode ?? 500;
  if (status === 413) return refuse(reply, 413, ['BAD_REQUEST', 'The body is too large.']);
  if (status >= 400 && status < 500) {
    return refuse(reply, status, ['BAD_REQUEST', 'The request cannot be read.']);
  }
  logger.error({ err: error }, 'a webhook was not taken in');
  return refuse(reply, 503, ['SERVICE_UNAVAILABLE', 'Deliver the event again.']);
}

function refuse(
  reply: FastifyReply,
  status: number,
  [code, message]: readonly [string, string],
): FastifyReply {
  return reply.code(status).send({ error: { code, message } });
}
