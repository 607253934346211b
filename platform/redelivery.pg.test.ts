// oxlint-disable vitest/expect-expect -- `expectOnce` expects
/** What the server delivers again, and when: messages of the slow, the stuck and the frozen. */
import { AckPolicy } from '@nats-io/jetstream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listDeadLetters, storeDeadLetter } from './dead-letters.ts';
import { openMessaging, type Messaging } from './test/messaging.ts';

let messaging: Messaging;
beforeEach(async () => {
  messaging = await openMessaging();
  messaging.relay();
});
afterEach(() => messaging.close());

const soon = { timeout: 15_000, interval: 20 };
const acknowledgeWithinMs = 400;
const subjects = (count: number): string[] => Array.from({ length: count }, (_, i) => `ord_${i}`);

async function expectOnce(consumer: string, ids: readonly string[]): Promise<void> {
  const read = async (): Promise<string[]> =>
    (await messaging.effects(consumer)).map(({ event_id }) => event_id).toSorted();
  await expect.poll(read, soon).toEqual(ids.toSorted());
}

const infoOf = (consumer: string) =>
  messaging.bus.manager.consumers.info(messaging.stream, consumer);
const redelivered = async (consumer: string) => (await infoOf(consumer)).num_redelivered;
const unsettled = async (consumer: string) => {
  const { num_ack_pending, num_pending } = await infoOf(consumer);
  return num_ack_pending + num_pending;
};

/** Whatever the consumers of this test tell the server of single messages, as text. */
function answersToServer(): string[] {
  const answers: string[] = [];
  messaging.bus.connection.subscribe('$JS.ACK.>', {
    callback: (_error, message) => {
      if (message.subject.includes(messaging.stream)) answers.push(message.string());
    },
  });
  return answers;
}

/** Resolves when the server has delivered a message of a consumer that never answers for the n-th time. */
async function waitsPass(count: number): Promise<void> {
  await messaging.bus.manager.consumers.add(messaging.stream, {
    durable_name: 'silent',
    ack_policy: AckPolicy.Explicit,
    ack_wait: acknowledgeWithinMs * 1_000_000,
  });
  const silent = await messaging.bus.client.consumers.get(messaging.stream, 'silent');
  const messages = await silent.consume({ max_messages: 1 });
  for await (const message of messages) if (message.info.deliveryCount > count) break;
  await messages.close();
}

/** A handler that waits until it is let go. */
function gate() {
  const { promise, resolve: open } = Promise.withResolvers<void>();
  const entered: number[] = [];
  return {
    entered,
    open,
    handle: async (_tx: unknown, events: readonly unknown[]) => {
      entered.push(events.length);
      await promise;
    },
  };
}

test('what a slow consumer has in hand, and what waits behind it, is not delivered again', async () => {
  const { entered, handle, open } = gate();
  const ids = await messaging.write(subjects(12));
  await expect.poll(() => messaging.unpublished(), soon).toBe(0);
  messaging.consumer({ consumer: 'reader', batchMax: 4, acknowledgeWithinMs, handle });
  await expect.poll(() => entered.length, soon).toBe(1);
  await waitsPass(4);
  expect(await redelivered('reader')).toBe(0);
  expect((await infoOf('reader')).num_ack_pending).toBe(12);
  open();
  await expectOnce('reader', ids);
  await expect.poll(() => unsettled('reader'), soon).toBe(0);
  expect(await redelivered('reader')).toBe(0);
});

test('a consumer that keeps up tells the server nothing but acknowledgements', async () => {
  const answers = answersToServer();
  messaging.consumer({ consumer: 'reader', acknowledgeWithinMs: 10_000 });
  const ids = await messaging.write(subjects(1_500));
  await expectOnce('reader', ids);
  await expect.poll(() => answers.length, soon).toBe(ids.length);
  expect(new Set(answers)).toEqual(new Set(['+ACK']));
});

test('what a consumer holds that makes no step is delivered to others in the end', async () => {
  const { entered, handle, open } = gate();
  messaging.consumer({ consumer: 'reader', acknowledgeWithinMs, handle });
  const ids = await messaging.write(subjects(3));
  await expect.poll(() => entered.length, soon).toBe(1);
  const other = await messaging.openBus();
  messaging.consumer({ consumer: 'reader', acknowledgeWithinMs, bus: other });
  await expect.poll(() => redelivered('reader'), soon).toBeGreaterThan(0);
  open();
  await expectOnce('reader', ids);
  await expect.poll(() => unsettled('reader'), soon).toBe(0);
});

test('what a consumer held whose connection was lost is with another after one wait', async () => {
  const { entered, handle, open } = gate();
  const doomed = await messaging.openBus();
  messaging.consumer({ consumer: 'reader', acknowledgeWithinMs, handle, bus: doomed });
  const ids = await messaging.write(subjects(6));
  await expect.poll(() => entered.length, soon).toBe(1);
  await doomed.connection.close();
  messaging.consumer({ consumer: 'reader', acknowledgeWithinMs });
  await expect.poll(() => redelivered('reader'), soon).toBeGreaterThan(0);
  open();
  await expectOnce('reader', ids);
  await expect.poll(() => unsettled('reader'), soon).toBe(0);
});

test('an event that another instance has dealt with meanwhile does not become a dead letter', async () => {
  messaging.consumer({ consumer: 'reader' });
  const [id = ''] = await messaging.write(['a']);
  await expectOnce('reader', [id]);
  const letter = { type: 'test.noted', envelope: '{}', cause: 'it was frozen', deliveries: 6 };
  const store = (consumer: string) =>
    storeDeadLetter(messaging.sql, { ...letter, consumer, messageId: id });
  expect(await store('reader')).toBe(false);
  expect(await messaging.deadLetters()).toEqual([]);
  expect(await store('another')).toBe(true);
  expect(await messaging.deadLetters()).toHaveLength(1);
});

test('a dead letter that succeeds when it is read again is no dead letter any more', async () => {
  let fails = true;
  messaging.consumer({
    consumer: 'reader',
    deliveriesMax: 1,
    handle: async () => {
      if (fails) throw new Error('cannot be digested yet');
    },
  });
  const ids = await messaging.write(['a']);
  await expect.poll(() => listDeadLetters(messaging.sql), soon).toHaveLength(1);
  fails = false;
  // As after a new version was installed, when the stream is lost and every consumer starts over.
  await messaging.bus.manager.streams.delete(messaging.stream);
  await expectOnce('reader', ids);
  expect(await listDeadLetters(messaging.sql)).toEqual([]);
});
