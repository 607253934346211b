/** What the sandbox provider says of itself: its journal and the events it told. */
import { loadSecrets } from '@ordergraph/scripts/secrets.ts';
import { expect } from 'vitest';
import { z } from 'zod';
import type { TestSystem } from './environment.ts';

const chargeSchema = z.looseObject({
  id: z.string(),
  status: z.string(),
  amountCaptured: z.int(),
  amountRefunded: z.int(),
  metadata: z.record(z.string(), z.string()),
});
const eventSchema = z.looseObject({
  id: z.string(),
  type: z.string(),
  data: z.object({ object: z.looseObject({ metadata: z.record(z.string(), z.string()) }) }),
});

export type Charge = z.infer<typeof chargeSchema>;
export type ProviderEvent = z.infer<typeof eventSchema>;

type System = Pick<TestSystem, 'dataDir' | 'providerUrl'>;

/** The one charge for an order; undefined if there is none. @throws if there are several */
export async function chargeFor(system: System, orderId: string): Promise<Charge | undefined> {
  const charges = await listed(system, '/v1/charges?limit=1000', chargeSchema);
  const own = charges.filter(({ metadata }) => metadata['orderId'] === orderId);
  expect(own.length).toBeLessThanOrEqual(1);
  return own[0];
}

/** The events about an order's charge, the newest first, as they were told. */
export async function eventsFor(system: System, orderId: string): Promise<ProviderEvent[]> {
  const events = await listed(system, '/sandbox/events?limit=1000', eventSchema);
  return events.filter(({ data }) => data.object.metadata['orderId'] === orderId);
}

/** Has an event told again, so many times at once. */
export async function tellAgain(system: System, eventId: string, times: number): Promise<void> {
  const path = `/sandbox/redeliver/${eventId}?times=${times}`;
  expect((await called(system, path, 'POST')).status).toBe(202);
}

async function listed<S extends z.ZodType>(
  system: System,
  path: string,
  item: S,
): Promise<z.infer<S>[]> {
  const response = await called(system, path, 'GET');
  return z.object({ data: z.array(item) }).parse(await response.json()).data;
}

async function called(
  { dataDir, providerUrl }: System,
  path: string,
  method: string,
): Promise<Response> {
  const { sandboxApiKey } = await loadSecrets(dataDir);
  return fetch(`${providerUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${sandboxApiKey}` },
  });
}
