import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { outcomeOf, type Answer, type RetryPolicy } from './delivery.ts';

const policy: RetryPolicy = { triesMax: 5, pauseFirstMs: 100, pauseMaxMs: 1_000 };
const refused = (about: 'mail' | 'connection', replyCode: number | undefined): Answer => ({
  kind: 'refused',
  about,
  replyCode,
  cause: 'no',
});

test.each<[string, Answer, number, string]>([
  ['accepted at the first try', { kind: 'accepted' }, 1, 'SENT'],
  ['accepted at the last try', { kind: 'accepted' }, 5, 'SENT'],
  ['refused for now', refused('mail', 450), 1, 'PENDING'],
  ['refused for now at the last try', refused('mail', 450), 5, 'FAILED'],
  ['refused for good', refused('mail', 550), 1, 'FAILED'],
  ['refused without a reply', refused('mail', undefined), 1, 'PENDING'],
  ['asked to authenticate', refused('mail', 530), 1, 'PENDING'],
  ['turned away at the door', refused('connection', 554), 1, 'PENDING'],
  ['not reached', refused('connection', undefined), 4, 'PENDING'],
  ['not reached at the last try', refused('connection', undefined), 5, 'FAILED'],
])('%s', (_title, answer, tries, status) => {
  expect(outcomeOf(answer, policy, { tries, jitter: 0.5 }).status).toBe(status);
});

function delayMs(tries: number, jitter: number): number | undefined {
  const unlimited = { ...policy, triesMax: 99 };
  const outcome = outcomeOf(refused('connection', undefined), unlimited, { tries, jitter });
  return outcome.status === 'PENDING' ? outcome.delayMs : undefined;
}

test('pauses double from half to the whole of the first, up to the longest', () => {
  expect([1, 2, 3, 4, 5, 98].map((tries) => delayMs(tries, 0))).toEqual([
    50, 100, 200, 400, 500, 500,
  ]);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 98 }),
      fc.double({ min: 0, max: 0.99, noNaN: true }),
      (tries, jitter) => {
        const most = Math.min(1_000, 100 * 2 ** (tries - 1));
        expect(delayMs(tries, jitter)).toBeGreaterThanOrEqual(most / 2);
        expect(delayMs(tries, jitter)).toBeLessThanOrEqual(most);
      },
    ),
  );
});

test('a long cause is cut', () => {
  const answer: Answer = {
    kind: 'refused',
    about: 'mail',
    replyCode: 550,
    cause: 'x'.repeat(9_000),
  };
  expect(outcomeOf(answer, policy, { tries: 1, jitter: 0 })).toMatchObject({
    failure: 'x'.repeat(500),
  });
});
