/**
 * What providers tell. An event is stored and takes effect in one transaction, before it is acknowledged; deliveries that
 * arrive together share the transaction. An event that was stored before is acknowledged and does nothing.
 *
 * An event of which nothing is known yet (its attempt is not there: the database was put back to an older copy) is stored
 * and tried again later, for as long as it takes. One whose effect fails is stored alone, with the cause, and tried again;
 * if it cannot even be stored it is not acknowledged, and the provider delivers it again.
 */
import { isTransient, type Database, type Transaction } from '@ordergraph/platform/database.ts';
import { GroupCommit } from '@ordergraph/platform/group-commit.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { GraphQLError } from 'graphql';
import { channelOf, type Channels, type WebhookEvent } from './channels/channel.ts';
import type { Fact, FactResult, Payments } from './commands.ts';
import type { Change } from './domain/batch.ts';
import {
  eventKey,
  noteVerdicts,
  storeEvents,
  storeUnprocessed,
  takeWaiting,
  type ReceivedEvent,
  type Verdict,
} from './store/webhook-events.ts';

export type WebhooksOptions = {
  readonly sql: Database;
  readonly channels: Channels;
  readonly payments: Payments;
  readonly logger: Logger;
  readonly committed: (changes: readonly Change[]) => void;
};

export type Delivery = ReceivedEvent & { readonly event: WebhookEvent };

export type Webhooks = {
  /** Resolves once the event is durable. @throws if it could not be stored. */
  receive(delivery: Delivery): Promise<void>;
  /** Tries an event again that waits, if there is one; returns whether there was. */
  processWaiting(): Promise<boolean>;
};

const batchMax = 256;
const batchesAtOnce = 2;

export function createWebhooks(options: WebhooksOptions): Webhooks {
  const { sql, committed, logger } = options;
  const intake = new GroupCommit<Delivery, true>({
    batchMax,
    concurrency: batchesAtOnce,
    async run(deliveries) {
      const changes = await sql.begin((tx) => takeIn(options, tx, deliveries));
      committed(changes);
      return deliveries.map(() => true);
    },
  });
  return {
    async receive(delivery) {
      try {
        await intake.submit(delivery);
      } catch (error) {
        if (isTransient(error) || isOverload(error)) throw error;
        logger.error({ err: error, eventId: delivery.id }, 'an event has to wait');
        await storeUnprocessed(sql, delivery, causeOf(error));
      }
    },
    async processWaiting() {
      const { taken, changes } = await sql.begin((tx) => takeUpWaiting(options, tx));
      committed(changes);
      return taken;
    },
  };
}

async function takeIn(
  options: WebhooksOptions,
  tx: Transaction,
  deliveries: readonly Delivery[],
): Promise<readonly Change[]> {
  const fresh = new Set(await storeEvents(tx, deliveries));
  // The first delivery of an event in the batch stands for it; `delete` tells whether it was still wanted.
  const first = deliveries.filter((delivery) => fresh.delete(eventKey(delivery)));
  const { verdicts, changes } = await settle(options, tx, first);
  await noteVerdicts(
    tx,
    verdicts.filter(({ cause }) => cause !== null),
  );
  return changes;
}

/** One event a transaction, so that one that fails holds nobody up. */
async function takeUpWaiting(
  options: WebhooksOptions,
  tx: Transaction,
): Promise<{ taken: boolean; changes: readonly Change[] }> {
  const [received] = await takeWaiting(tx, 1);
  if (!received) return { taken: false, changes: [] };
  const event = channelOf(options.channels, received.channel).readStored(received.body);
  try {
    const done = await tx.savepoint((inner) => settle(options, inner, [{ ...received, event }]));
    await noteVerdicts(tx, done.verdicts);
    return { taken: true, changes: done.changes };
  } catch (error) {
    if (isTransient(error)) throw error;
    const { channel, id } = received;
    await noteVerdicts(tx, [{ channel, id, processed: false, cause: causeOf(error) }]);
    return { taken: true, changes: [] };
  }
}

type Readable = ReceivedEvent & { readonly event: WebhookEvent | undefined };

async function settle(
  { payments }: WebhooksOptions,
  tx: Transaction,
  received: readonly Readable[],
): Promise<{ verdicts: Verdict[]; changes: readonly Change[] }> {
  const relevant = received.flatMap((item) => {
    const fact = item.event && factOf(item.event);
    return fact ? [{ item, fact }] : [];
  });
  const { results, changes } = await payments.settle(
    tx,
    relevant.map(({ fact }) => fact),
  );
  const resultByKey = new Map(relevant.map(({ item }, i) => [eventKey(item), results[i]]));
  const verdicts = received.map((item): Verdict => {
    const { channel, id } = item;
    return { channel, id, ...verdictOf(item.event, resultByKey.get(eventKey(item))) };
  });
  return { verdicts, changes };
}

function factOf({ fact }: WebhookEvent): Fact | undefined {
  return fact.kind === 'other' ? undefined : fact;
}

function verdictOf(
  event: WebhookEvent | undefined,
  result: FactResult | undefined,
): Pick<Verdict, 'processed' | 'cause'> {
  if (!event) return { processed: false, cause: 'it cannot be read' };
  if (event.fact.kind === 'other') return { processed: true, cause: 'not of concern' };
  if (result === 'settled') return { processed: true, cause: null };
  return { processed: result !== 'UNKNOWN', cause: result ?? 'no result' };
}

/** More deliveries wait than can be held: the provider is to come again. */
function isOverload(error: unknown): boolean {
  return error instanceof GraphQLError && error.extensions['code'] === 'SERVICE_UNAVAILABLE';
}

function causeOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 500) : 'unknown';
}
