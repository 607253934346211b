/** The invariants of docs/guarantees.md, checked on a test's system. */
import { checkInvariants } from '@ordergraph/scripts/invariants/check.ts';
import { loadSecrets } from '@ordergraph/scripts/secrets.ts';
import { expect, inject } from 'vitest';
import type { TestSystem } from './environment.ts';

/** What follows is under way for a moment only, in a test. */
const grace = { healMs: 15_000, publishMs: 15_000, lookAgainMs: 50 };

/**
 * Waits until everything has followed from everything, and finds every invariant kept.
 * @throws an assertion's error with the offending rows
 */
export async function expectInvariantsToHold(
  system: Pick<TestSystem, 'databaseUrls' | 'prefix' | 'providerUrl' | 'dataDir'>,
  natsUrl = inject('natsUrl'),
): Promise<void> {
  const secrets = await loadSecrets(system.dataDir);
  const verdicts = await checkInvariants(
    {
      databaseUrls: system.databaseUrls,
      natsUrl,
      natsPrefix: system.prefix,
      providerUrl: system.providerUrl,
      providerApiKey: secrets.sandboxApiKey,
    },
    {
      grace,
      secrets: [secrets.internalSecret, secrets.sandboxApiKey, secrets.sandboxWebhookSecret],
    },
  );
  const breaches = verdicts
    .filter(({ offenders }) => offenders.length > 0)
    .map(({ invariant: { number, promise }, offenders }) => ({ number, promise, offenders }));
  expect(breaches).toEqual([]);
}
