import { createServer, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { httpUrl, listen, stopListening } from '../../listening.ts';
import type { Charge, Refund } from '../domain.ts';
import type { EventType } from '../event-log.ts';

export type ReceivedWebhook = {
  readonly signature: string;
  readonly body: string;
  readonly event: {
    readonly id: string;
    readonly type: EventType;
    readonly created: number;
    readonly data: { readonly object: Charge | Refund };
  };
  readonly receivedMs: number;
  /** How many deliveries were open at once when this one came, itself included. */
  readonly openAtOnce: number;
};

export type WebhookReceiver = {
  readonly url: string;
  readonly received: readonly ReceivedWebhook[];
  /** Those whose charge or refund belongs to this charge. */
  about(chargeId: string): readonly ReceivedWebhook[];
};

export type WebhookAnswer = (webhook: ReceivedWebhook, response: ServerResponse) => void;

const takeIt: WebhookAnswer = (_webhook, response) => void response.writeHead(204).end();

/** A real HTTP server that remembers every webhook, whatever it then answers. */
export async function startWebhookReceiver(
  answer: WebhookAnswer = takeIt,
  fixedPort = 0,
): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = [];
  let open = 0;
  const server = createServer((request, response) => {
    open += 1;
    response.on('close', () => (open -= 1));
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const webhook = {
        signature: String(request.headers['sandbox-signature']),
        body,
        event: JSON.parse(body),
        receivedMs: Date.now(),
        openAtOnce: open,
      };
      received.push(webhook);
      answer(webhook, response);
    });
  });
  const port = await listen(server, fixedPort, '127.0.0.1');
  onTestFinished(() => stopListening(server, 0));
  return {
    url: `${httpUrl('127.0.0.1', port)}/webhooks/sandbox`,
    received,
    about: (chargeId) =>
      received.filter(({ event }) => {
        const { object } = event.data;
        return object.id === chargeId || (object.object === 'refund' && object.charge === chargeId);
      }),
  };
}
