import { expect, test } from 'vitest';
import { memoryJournal, type Journal } from './journal.ts';
import { createLedger } from './ledger.ts';
import { createProvider } from './provider.ts';
import type { ChargeRequest } from './requests.ts';
import type { WebhookSender } from './webhooks.ts';
import { eventually } from '../testing/eventually.ts';

const request: ChargeRequest = { amount: 1000, currency: 'GBP', source: 'tok_ok', metadata: {} };
const delayMs = { soon: 0, afterOneSecond: 0, slow: 0, late: 0 };

/** A disk that takes its time: nothing is in the file before `release`. */
function slowJournal() {
  const released = Promise.withResolvers<void>();
  const journal: Journal = {
    ...memoryJournal,
    append: () => released.promise,
    written: () => released.promise,
  };
  return { journal, release: released.resolve };
}

function countingWebhooks() {
  const told: string[] = [];
  const webhooks: WebhookSender = {
    deliver(event) {
      told.push(event.type);
      return Promise.resolve('delivered');
    },
    stop: () => Promise.resolve(),
  };
  return { told, webhooks };
}

test('neither an answer, nor a replay, nor a webhook leaves before the journal has what it tells', async () => {
  const { journal, release } = slowJournal();
  const { told, webhooks } = countingWebhooks();
  const ledger = createLedger();
  const provider = createProvider({ ledger, journal, webhooks, delayMs });
  let answers = 0;
  const answered = [1, 2].map(() =>
    provider.createCharge(request, 'key-1').then(() => (answers += 1)),
  );
  await eventually(() => expect(ledger.chargeByKey('key-1')?.status).toBe('succeeded'));
  expect({ answers, told }).toEqual({ answers: 0, told: [] });
  release();
  await Promise.all(answered);
  await eventually(() => expect(told).toEqual(['charge.succeeded']));
  expect(answers).toBe(2);
});

test('while the journal is clogged new work is refused and earlier answers are still given', async () => {
  let clogged = false;
  const journal: Journal = { ...memoryJournal, isClogged: () => clogged };
  const provider = createProvider({
    ledger: createLedger(),
    journal,
    webhooks: countingWebhooks().webhooks,
    delayMs,
  });
  await provider.createCharge(request, 'key-1');
  clogged = true;
  const refused = await provider.createCharge(request, 'key-2');
  expect(refused).toMatchObject({
    ok: false,
    problem: { status: 503, code: 'journal_unavailable' },
  });
  expect(await provider.createCharge(request, 'key-1')).toMatchObject({
    ok: true,
    value: { replayed: true },
  });
  provider.stop();
});
