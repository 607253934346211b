import { expect, test } from 'vitest';
import type { Charge } from './domain.ts';
import { createEventLog, type ProviderEvent } from './event-log.ts';

const charge: Charge = {
  id: 'ch_1',
  object: 'charge',
  status: 'succeeded',
  amount: 1,
  amountCaptured: 1,
  amountRefunded: 0,
  currency: 'GBP',
  failureCode: null,
  source: 'tok_ok',
  metadata: {},
  created: 1,
  settled: 1,
  idempotencyKey: 'k',
  refunds: [],
};

const anEvent = (id: string, copies: ProviderEvent['copies'] = 1): ProviderEvent => ({
  id,
  type: 'charge.succeeded',
  created: 1,
  object: charge,
  copies,
});

const idsOf = (events: Iterable<ProviderEvent>): readonly string[] =>
  [...events].map(({ id }) => id);

test('events are kept as long as they are pending, and the newest of those that are done', () => {
  const log = createEventLog(2);
  for (const id of ['evt_1', 'evt_2', 'evt_3', 'evt_4']) log.record(anEvent(id));
  for (const id of ['evt_1', 'evt_2', 'evt_3']) log.finish(id, 'delivered');
  expect(idsOf(log.pending())).toEqual(['evt_4']);
  expect(log.find('evt_1')).toBeUndefined();
  expect(log.find('evt_2')?.state).toBe('delivered');
  expect(log.find('evt_4')?.state).toBe('pending');
  expect(log.newest(10).map(({ event }) => event.id)).toEqual(['evt_4', 'evt_3', 'evt_2']);
});

test('an event that tells nobody is withheld, never pending', () => {
  const log = createEventLog();
  log.record(anEvent('evt_1', 0));
  expect(idsOf(log.pending())).toEqual([]);
  expect(log.find('evt_1')?.state).toBe('withheld');
});

test('finishing an event that is gone changes nothing', () => {
  const log = createEventLog();
  log.finish('evt_0', 'abandoned');
  expect(log.newest(1)).toEqual([]);
});
