import { createHmac, timingSafeEqual } from 'node:crypto';

const hmac = (atSeconds: number, body: string, secret: string): string =>
  createHmac('sha256', secret).update(`${atSeconds}.${body}`).digest('hex');

/** The value of the `Sandbox-Signature` header: `t=<Unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`. */
export const signWebhook = (atSeconds: number, body: string, secret: string): string =>
  `t=${atSeconds},v1=${hmac(atSeconds, body, secret)}`;

export type SignedWebhook = {
  readonly header: string | undefined;
  readonly body: string;
  readonly secret: string;
  readonly nowSeconds: number;
  readonly toleranceSeconds: number;
};

/** What a receiver checks: form, age within the tolerance on both sides, and the HMAC in constant time. */
export function verifyWebhook(webhook: SignedWebhook): boolean {
  const match = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(webhook.header ?? '');
  const atSeconds = Number(match?.[1] ?? Number.NaN);
  const claimed = match?.[2];
  if (claimed === undefined || Math.abs(webhook.nowSeconds - atSeconds) > webhook.toleranceSeconds)
    return false;
  return timingSafeEqual(
    Buffer.from(claimed),
    Buffer.from(hmac(atSeconds, webhook.body, webhook.secret)),
  );
}
