// oxlint-disable vitest/expect-expect -- `expectOnce` expects
import { headers } from '@nats-io/transport-node';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEvent } from '@ordergraph/schema/events/envelope.ts';
import { eventSubject } from '@ordergraph/schema/events/streams.ts';
import { newId } from './ids.ts';
import { appendToOutbox } from './outbox.ts';
import { inOrder, noted, openMessaging, remarked, type Messaging } from './test/messaging.ts';

let messaging: Messaging;
beforeEach(async () => {
  messaging = await openMessaging();
});
afterEach(() => messaging.close());

const soon = { timeout: 15_000, interval: 20 };
const subjects = (count: number, of: number): string[] =>
  Array.from({ length: count }, (_, i) => `ord_${i % of}`);
const idsOf = async (consumer: string): Promise<string[]> =>
  (await messaging.effects(consumer)).map(({ event_id }) => event_id);
async function expectOnce(consumer: string, ids: readonly string[]): Promise<void> {
  await expect.poll(async () => (await idsOf(consumer)).toSorted(), soon).toEqual(ids.toSorted());
}

describe('relay', () => {
  test('events of one subject reach a consumer in the order in which they were written', async () => {
    const ids = [
      ...(await messaging.write(subjects(700, 5))),
      ...(await messaging.write(subjects(50, 1))),
    ];
    messaging.relay();
    messaging.consumer({ consumer: 'reader' });
    await expectOnce('reader', ids);
    expect(inOrder(await messaging.effects('reader'))).toBe(true);
    expect(await messaging.unpublished()).toBe(0);
  });

  test('two relays at once publish everything once and in order per subject', async () => {
    const relays = [messaging.relay(), messaging.relay()];
    const ids: string[] = [];
    for (let i = 0; i < 10; i += 1) {
      ids.push(...(await messaging.write(subjects(60, 4))));
      relays.forEach((relay) => relay.wake());
    }
    messaging.consumer({ consumer: 'reader' });
    await expectOnce('reader', ids);
    expect(inOrder(await messaging.effects('reader'))).toBe(true);
    const { state } = await messaging.bus.manager.streams.info(messaging.stream);
    expect(state.messages).toBe(ids.length);
  });

  test('a relay killed after the acknowledgement and before the mark has its events take effect once', async () => {
    await killMarking(messaging, 2);
    const ids = await messaging.write(subjects(40, 3));
    messaging.relay();
    messaging.consumer({ consumer: 'reader' });
    await expectOnce('reader', ids);
    await expect.poll(() => messaging.unpublished(), soon).toBe(0);
    expect(inOrder(await messaging.effects('reader'))).toBe(true);
    expect(messaging.logged.join()).toContain('the relay could not publish');
  });

  test('an event that the server refuses holds up its own subject only', async () => {
    const huge = createEvent(noted, {
      id: newId('evt'),
      subject: 'huge',
      time: new Date(),
      data: { n: 0, note: 'x'.repeat(2 * 1024 * 1024) },
      cause: { correlationId: 'test', causationId: null },
    });
    await messaging.sql.begin((tx) => appendToOutbox(tx, [huge]));
    await messaging.write(['huge']);
    const ids = await messaging.write(subjects(20, 3));
    messaging.relay();
    messaging.consumer({ consumer: 'reader' });
    await expectOnce('reader', ids);
    expect(await messaging.unpublished()).toBe(2);
    // Marked once and for all: it is not sent again with every try of the refused one.
    const marked =
      await messaging.sql`select published_at from outbox where published_at is not null`;
    expect(marked).toHaveLength(20);
  });

  test('a second installation on the same database has a stream and a mark of its own', async () => {
    await messaging.sql`
      insert into stream_state (stream, created_at, epoch, last_sequence)
      values ('another-order', 'once', 'e', 1000000)`;
    const ids = await messaging.write(subjects(10, 2));
    messaging.relay();
    messaging.consumer({ consumer: 'reader' });
    await expectOnce('reader', ids);
    const [other] = await messaging.sql`
      select last_sequence from stream_state where stream = 'another-order'`;
    expect(other?.['last_sequence']).toBe(1_000_000);
  });

  test('a deleted stream is made again, its events published again, and effects stay single', async () => {
    messaging.relay();
    messaging.consumer({ consumer: 'reader' });
    const before = await messaging.write(subjects(30, 3));
    await expectOnce('reader', before);
    await messaging.bus.manager.streams.delete(messaging.stream);
    const after = await messaging.write(subjects(30, 3));
    await expectOnce('reader', [...before, ...after]);
    messaging.consumer({ consumer: 'newcomer' });
    await expectOnce('newcomer', [...before, ...after]);
    const [recoveries] = (await messaging.metrics.streamRecoveries.get()).values;
    expect(recoveries?.value).toBe(1);
  });

  test('a purged stream is filled again', async () => {
    messaging.relay();
    const reader = messaging.consumer({ consumer: 'reader' });
    const before = await messaging.write(subjects(10, 3));
    await expectOnce('reader', before);
    await reader.stop();
    const missed = await messaging.write(subjects(10, 3));
    await expect.poll(() => messaging.unpublished(), soon).toBe(0);
    await messaging.bus.manager.streams.purge(messaging.stream);
    messaging.consumer({ consumer: 'reader' });
    await expectOnce('reader', [...before, ...missed]);
  });

  test('a stream whose metadata was edited away is taken back', async () => {
    messaging.relay();
    const ids = await messaging.write(['a']);
    await expect.poll(() => messaging.unpublished(), soon).toBe(0);
    const { config } = await messaging.bus.manager.streams.info(messaging.stream);
    await messaging.bus.manager.streams.update(messaging.stream, { ...config, metadata: {} });
    messaging.consumer({ consumer: 'reader' });
    await expectOnce('reader', ids);
  });

  test('stopping an idle relay takes no time', async () => {
    const relay = messaging.relay();
    await messaging.write(['a']);
    await expect.poll(() => messaging.unpublished(), soon).toBe(0);
    const startMs = performance.now();
    await relay.stop();
    expect(performance.now() - startMs).toBeLessThan(500);
  });
});

describe('consumer', () => {
  test('a consumer that dies between commit and acknowledgement has had its effects once', async () => {
    messaging.relay();
    const doomed = await messaging.openBus();
    messaging.consumer({
      consumer: 'reader',
      bus: doomed,
      acknowledgeWithinMs: 500,
      afterCommit: () => void doomed.connection.close(),
    });
    const ids = await messaging.write(subjects(20, 3));
    await expect.poll(() => idsOf('reader'), soon).not.toHaveLength(0);
    await expect.poll(() => doomed.connection.isClosed(), soon).toBe(true);
    messaging.consumer({ consumer: 'reader', acknowledgeWithinMs: 500 });
    await expectOnce('reader', ids);
    await expect.poll(() => unacknowledged(messaging, 'reader'), soon).toBe(0);
  });

  test('a poison event goes to the dead letters with its cause, and the rest flow on', async () => {
    messaging.relay();
    const ids = await messaging.write(subjects(60, 4));
    const [, , , poison] = ids;
    messaging.consumer({
      consumer: 'reader',
      deliveriesMax: 3,
      handle: async (_tx, events) => {
        if (events.some(({ id }) => id === poison)) throw new Error('cannot be digested');
      },
    });
    await expectOnce(
      'reader',
      ids.filter((id) => id !== poison),
    );
    await expect
      .poll(() => messaging.deadLetters(), soon)
      .toMatchObject([{ event_id: poison, cause: 'cannot be digested' }]);
    expect(await unacknowledged(messaging, 'reader')).toBe(0);
  });

  test.each([
    ['no JSON', Buffer.from('{"half": ')],
    ['bytes that no text can hold', Buffer.from([0, 255, 0, 1])],
    ['no event', Buffer.from('{"type":"test.noted"}')],
  ])('what cannot be read goes to the dead letters at once: %s', async (_case, payload) => {
    messaging.relay();
    const before = await messaging.write(['a']);
    await expect.poll(() => messaging.unpublished(), soon).toBe(0);
    const subject = eventSubject(messaging.prefix, 'order', noted.type);
    await messaging.bus.client.publish(subject, payload);
    const after = await messaging.write(['a']);
    messaging.consumer({ consumer: 'reader' });
    await expectOnce('reader', [...before, ...after]);
    await expect.poll(() => messaging.deadLetters(), soon).toHaveLength(1);
  });

  test('passing failures are tried again for as long as they last, and nothing becomes a dead letter', async () => {
    messaging.relay();
    let failures = 0;
    messaging.consumer({
      consumer: 'reader',
      deliveriesMax: 2,
      handle: async (tx) => {
        if (failures >= 4) return;
        failures += 1;
        // The session ends in the middle of the transaction, as when the database is restarted.
        await tx`select pg_terminate_backend(pg_backend_pid())`;
      },
    });
    const ids = await messaging.write(subjects(10, 2));
    await expectOnce('reader', ids);
    expect(failures).toBe(4);
    expect(await messaging.deadLetters()).toEqual([]);
  });

  test('two instances share the work, and every event has one effect', async () => {
    messaging.relay();
    for (let i = 0; i < 2; i += 1) {
      messaging.consumer({ consumer: 'reader', batchMax: 16, bus: await messaging.openBus() });
    }
    const ids = await messaging.write(subjects(500, 50));
    await expectOnce('reader', ids);
  });

  test('what an instance had taken and not handled is with another at once when it stops', async () => {
    messaging.relay();
    const { promise: blocked, resolve: unblock } = Promise.withResolvers<void>();
    let entered = false;
    const first = messaging.consumer({
      consumer: 'reader',
      batchMax: 4,
      handle: async () => {
        entered = true;
        await blocked;
      },
    });
    const ids = await messaging.write(subjects(12, 12));
    await expect.poll(() => entered, soon).toBe(true);
    await expect.poll(() => unacknowledged(messaging, 'reader'), soon).toBe(12);
    const stopped = first.stop();
    unblock();
    await stopped;
    const startMs = performance.now();
    messaging.consumer({ consumer: 'reader' });
    await expectOnce('reader', ids);
    expect(performance.now() - startMs).toBeLessThan(5_000);
  });

  test('a durable consumer deleted while it is consumed is made again', async () => {
    messaging.relay();
    messaging.consumer({ consumer: 'reader' });
    const before = await messaging.write(subjects(5, 5));
    await expectOnce('reader', before);
    await messaging.bus.manager.consumers.delete(messaging.stream, 'reader');
    const after = await messaging.write(subjects(5, 5));
    await expectOnce('reader', [...before, ...after]);
  });

  test('an epoch that changes while consuming is noticed, and effects stay single', async () => {
    messaging.relay();
    messaging.consumer({ consumer: 'reader' });
    const ids = await messaging.write(subjects(5, 5));
    await expectOnce('reader', ids);
    const epochs = async (): Promise<unknown> => messaging.sql`select epoch from consumer_state`;
    const before = await epochs();
    const { config } = await messaging.bus.manager.streams.info(messaging.stream);
    const metadata = { ...config.metadata, 'ordergraph-epoch': 'another' };
    await messaging.bus.manager.streams.update(messaging.stream, { ...config, metadata });
    await expect.poll(epochs, soon).not.toEqual(before);
    ids.push(...(await messaging.write(subjects(5, 5))));
    await expectOnce('reader', ids);
  });

  test('a version that wants more events also gets those published before it started', async () => {
    messaging.relay();
    const first = messaging.consumer({ consumer: 'reader' });
    const [a] = await messaging.write(['a']);
    const [b] = await messaging.write(['a'], remarked);
    const [c] = await messaging.write(['a']);
    await expectOnce('reader', [a ?? '', c ?? '']);
    await first.stop();
    messaging.consumer({ consumer: 'reader', events: [noted, remarked] });
    await expectOnce('reader', [a ?? '', b ?? '', c ?? '']);
  });

  test('an older instance leaves the events of a newer one to it during a rolling deployment', async () => {
    messaging.relay();
    messaging.consumer({ consumer: 'reader', bus: await messaging.openBus() });
    messaging.consumer({
      consumer: 'reader',
      bus: await messaging.openBus(),
      events: [noted, remarked],
    });
    const ids: string[] = [];
    for (let i = 0; i < 4; i += 1) {
      ids.push(...(await messaging.write(subjects(3, 3))));
      ids.push(...(await messaging.write(subjects(3, 3), remarked)));
    }
    await expect
      .poll(async () => (await idsOf('reader')).toSorted(), { timeout: 25_000 })
      .toEqual(ids.toSorted());
    expect(await messaging.deadLetters()).toEqual([]);
  });

  test('a version that wants fewer events no longer gets the others', async () => {
    messaging.relay();
    const first = messaging.consumer({ consumer: 'reader', events: [noted, remarked] });
    const before = await messaging.write(['a'], remarked);
    await expectOnce('reader', before);
    await first.stop();
    messaging.consumer({ consumer: 'reader' });
    await expect.poll(() => filters(messaging, 'reader'), soon).toHaveLength(1);
    await messaging.write(['a'], remarked);
    const after = await messaging.write(['a']);
    await expectOnce('reader', [...before, ...after]);
  });

  test('a consumer whose database was put back to an earlier state reads again what is missing there', async () => {
    messaging.relay();
    const first = messaging.consumer({ consumer: 'reader' });
    const ids = await messaging.write(subjects(9, 3));
    // Events of other types after the last one of ours must not be taken for a loss.
    await messaging.write(['a'], remarked);
    await expectOnce('reader', ids);
    await expect.poll(() => unacknowledged(messaging, 'reader'), soon).toBe(0);
    await first.stop();
    const second = messaging.consumer({ consumer: 'reader' });
    await expect.poll(() => messaging.logged.join(), soon).not.toContain('from its start');
    await second.stop();
    const lost = ids.slice(6);
    await messaging.sql`delete from inbox where event_id in ${messaging.sql(lost)}`;
    await messaging.sql`delete from effects where event_id in ${messaging.sql(lost)}`;
    messaging.consumer({ consumer: 'reader' });
    await expectOnce('reader', ids);
    expect(messaging.logged.join()).toContain('the database went back in time');
  });

  test('a hint that fails after the commit neither repeats nor loses anything', async () => {
    messaging.relay();
    messaging.consumer({
      consumer: 'reader',
      afterCommit: () => {
        throw new Error('nobody is at home');
      },
    });
    const ids = await messaging.write(subjects(6, 3));
    await expectOnce('reader', ids);
    await expect.poll(() => unacknowledged(messaging, 'reader'), soon).toBe(0);
    expect(await messaging.deadLetters()).toEqual([]);
  });

  test('stopping takes no time, whether there is no stream, no event, or a database away', async () => {
    const waiting = messaging.consumer({ consumer: 'early' });
    messaging.relay();
    const idle = messaging.consumer({ consumer: 'idle' });
    let failing = false;
    const stuck = messaging.consumer({
      consumer: 'stuck',
      handle: async () => {
        failing = true;
        throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
      },
    });
    await messaging.write(['a']);
    await expect.poll(() => failing, soon).toBe(true);
    await expect.poll(() => idsOf('idle'), soon).toHaveLength(1);
    const startMs = performance.now();
    await Promise.all([waiting.stop(), idle.stop(), stuck.stop()]);
    expect(performance.now() - startMs).toBeLessThan(1_500);
  });

  test('a message that was published twice beyond the window of the server has one effect', async () => {
    messaging.relay();
    const [id] = await messaging.write(['a']);
    await expect.poll(() => messaging.unpublished(), soon).toBe(0);
    const [row] = await messaging.sql`select envelope::text from outbox`;
    const meta = headers();
    meta.set('Nats-Msg-Id', 'under-another-id');
    const subject = eventSubject(messaging.prefix, 'order', noted.type);
    await messaging.bus.client.publish(subject, String(row?.['envelope']), { headers: meta });
    messaging.consumer({ consumer: 'reader' });
    await expectOnce('reader', [id ?? '']);
    await expect.poll(() => unacknowledged(messaging, 'reader'), soon).toBe(0);
  });
});

test('whatever is killed, wiped or restarted in between, every event has one effect per consumer', async () => {
  const fault = fc.constantFrom(
    'kill sessions' as const,
    'delete stream' as const,
    'purge stream' as const,
    'delete consumer' as const,
    'restart consumer' as const,
    'kill marking' as const,
    'none' as const,
  );
  const steps = fc.array(fc.record({ fault, events: fc.integer({ min: 1, max: 60 }) }), {
    minLength: 3,
    maxLength: 6,
  });
  messaging.relay();
  messaging.relay();
  messaging.consumer({ consumer: 'left', batchMax: 8 });
  let right = messaging.consumer({ consumer: 'right', bus: await messaging.openBus() });
  const ids: string[] = [];
  await fc.assert(
    fc.asyncProperty(steps, async (given) => {
      for (const step of given) {
        const written = messaging.write(subjects(step.events, 7));
        if (step.fault === 'kill sessions') await killSessions(messaging);
        if (step.fault === 'delete stream') {
          await messaging.bus.manager.streams.delete(messaging.stream).catch(() => undefined);
        }
        if (step.fault === 'purge stream') {
          await messaging.bus.manager.streams.purge(messaging.stream).catch(() => undefined);
        }
        if (step.fault === 'delete consumer') {
          await messaging.bus.manager.consumers
            .delete(messaging.stream, 'left')
            .catch(() => undefined);
        }
        if (step.fault === 'kill marking') await killMarking(messaging, 1);
        if (step.fault === 'restart consumer') {
          await right.stop();
          right = messaging.consumer({ consumer: 'right' });
        }
        ids.push(...(await written));
      }
      await expectOnce('left', ids);
      await expectOnce('right', ids);
    }),
    { numRuns: 4, endOnFailure: true, interruptAfterTimeLimit: 20_000 },
  );
});

async function unacknowledged({ bus, stream }: Messaging, consumer: string): Promise<number> {
  const info = await bus.manager.consumers.info(stream, consumer);
  return info.num_ack_pending + info.num_pending;
}

async function filters({ bus, stream }: Messaging, consumer: string): Promise<unknown[]> {
  const { config } = await bus.manager.consumers.info(stream, consumer);
  return config.filter_subjects ?? [config.filter_subject];
}

/** The next `times` transactions that mark events as published end with their session. */
async function killMarking({ sql }: Messaging, times: number): Promise<void> {
  await sql.unsafe(`
    create sequence if not exists markings;
    select setval('markings', 1, false);
    create or replace function kill_marking() returns trigger language plpgsql as $$
    begin
      if new.published_at is not null and nextval('markings') <= ${times} then
        perform pg_terminate_backend(pg_backend_pid());
        perform pg_sleep(1);
      end if;
      return new;
    end $$;
    create or replace trigger kill_marking before update on outbox
      for each row execute function kill_marking();`);
}

/** Ends the sessions of relays and consumers, as a restart of the database does. */
async function killSessions({ sql }: Messaging): Promise<void> {
  await sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'relay'`;
}
