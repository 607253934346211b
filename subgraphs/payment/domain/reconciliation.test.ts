import { expect, test } from 'vitest';
import { compareJournals, type OurCharge, type TheirCharge } from './reconciliation.ts';

const since = new Date('2026-11-22T17:30:00Z');
const earlier = new Date('2026-11-22T17:00:00Z');
const captured = { minor: 1250, currency: 'GBP' };

const ours = (change: Partial<OurCharge> = {}): OurCharge => ({
  attemptId: 'att_1',
  status: 'CAPTURED',
  captured,
  refundedMinor: 0,
  refunding: false,
  changedAt: earlier,
  ...change,
});
const theirs = (change: Partial<TheirCharge> = {}): TheirCharge => ({
  chargeId: 'ch_1',
  attemptId: 'att_1',
  status: 'captured',
  captured,
  refundedMinor: 0,
  changedAt: earlier,
  ...change,
});
const kinds = (ourSide: OurCharge[], theirSide: TheirCharge[]) =>
  compareJournals(ourSide, theirSide, since).map(({ kind }) => kind);

test('journals that agree have no differences', () => {
  expect(kinds([ours()], [theirs()])).toEqual([]);
});

test('a declined or voided attempt needs no charge', () => {
  expect(kinds([ours({ status: 'DECLINED', captured: null })], [])).toEqual([]);
  expect(kinds([ours({ status: 'VOIDED', captured: null })], [])).toEqual([]);
});

test.each([
  ['a capture the provider does not know', [ours()], [], ['ONLY_OURS']],
  ['a charge we do not know', [], [theirs()], ['ONLY_THEIRS']],
  [
    'two charges of one attempt',
    [ours()],
    [theirs(), theirs({ chargeId: 'ch_2' })],
    ['CHARGED_TWICE'],
  ],
  [
    'a capture we take for a decline',
    [ours({ status: 'DECLINED', captured: null })],
    [theirs()],
    ['STATE'],
  ],
  ['another amount', [ours()], [theirs({ captured: { minor: 1, currency: 'GBP' } })], ['AMOUNT']],
  [
    'another currency',
    [ours()],
    [theirs({ captured: { minor: 1250, currency: 'EUR' } })],
    ['AMOUNT'],
  ],
  ['a refund we never asked for', [ours()], [theirs({ refundedMinor: 5 })], ['REFUND']],
])('%s is a difference', (_title, ourSide, theirSide, expected) => {
  expect(kinds(ourSide, theirSide)).toEqual(expected);
});

test('what is still on its way is not compared', () => {
  const fresh = new Date(since.getTime() + 1);
  expect(kinds([ours({ changedAt: fresh })], [])).toEqual([]);
  expect(kinds([], [theirs({ changedAt: fresh })])).toEqual([]);
  expect(
    kinds([ours({ captured: null, status: 'PENDING' })], [theirs({ changedAt: fresh })]),
  ).toEqual([]);
  expect(kinds([ours({ refunding: true })], [theirs({ refundedMinor: 5 })])).toEqual([]);
});
