/** The sandbox provider's webhooks: `Sandbox-Signature: t=<Unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { WebhookDelivery, WebhookEvent, WebhookFact, WebhookReading } from './channel.ts';
import { chargeSchema, identifier, outcomeOf, refundSchema } from './sandbox-objects.ts';

/** How far a signature's time may lie from ours, both ways, in milliseconds. */
const toleranceMs = 5 * 60_000;

const envelopeSchema = z.object({
  id: identifier,
  type: identifier.max(64),
  data: z.object({ object: z.unknown() }),
});

export function readSandboxWebhook(delivery: WebhookDelivery, secret: string): WebhookReading {
  if (!isSigned(delivery, secret)) return { kind: 'forged' };
  const event = readStoredWebhook(delivery.body.toString('utf8'));
  return event ? { kind: 'event', event } : { kind: 'malformed' };
}

export function readStoredWebhook(body: string): WebhookEvent | undefined {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return undefined;
  }
  const envelope = envelopeSchema.safeParse(json);
  if (!envelope.success) return undefined;
  const { id, type, data } = envelope.data;
  const fact = factOf(type, data.object);
  return fact && { id, type, fact };
}

/** Undefined if the object is not what the type promises. */
function factOf(type: string, object: unknown): WebhookFact | undefined {
  if (type === 'charge.succeeded' || type === 'charge.failed' || type === 'charge.canceled') {
    const charge = chargeSchema.safeParse(object);
    if (!charge.success) return undefined;
    const outcome = outcomeOf(charge.data);
    if (outcome.kind === 'pending') return undefined;
    // Both are ours: we give the attempt's id as the key and in the metadata.
    const attemptId = charge.data.metadata?.['attemptId'] ?? charge.data.idempotencyKey;
    return attemptId === undefined ? undefined : { kind: 'charge', attemptId, outcome };
  }
  if (type === 'refund.succeeded') {
    const refund = refundSchema.safeParse(object);
    if (!refund.success) return undefined;
    const { id, idempotencyKey, metadata } = refund.data;
    const refundId = metadata?.['refundId'] ?? idempotencyKey;
    return refundId === undefined ? undefined : { kind: 'refund', refundId, providerRefundId: id };
  }
  return { kind: 'other' };
}

function isSigned({ headers, body, nowMs }: WebhookDelivery, secret: string): boolean {
  const header = headers['sandbox-signature'];
  const match = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(typeof header === 'string' ? header : '');
  const [, atSeconds, claimed] = match ?? [];
  if (atSeconds === undefined || claimed === undefined) return false;
  if (Math.abs(nowMs - Number(atSeconds) * 1000) > toleranceMs) return false;
  const expected = createHmac('sha256', secret).update(`${atSeconds}.`).update(body).digest();
  const given = Buffer.from(claimed, 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
