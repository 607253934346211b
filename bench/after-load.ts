/** After a load every invariant must hold: figures of a system that lost or doubled something are worth nothing. */
import { checkInvariants } from '@ordergraph/scripts/invariants/check.ts';
import { loadSecrets } from '@ordergraph/scripts/secrets.ts';
import type { SystemAddress } from './system.ts';

/** @returns what was checked, for the report. @throws Error if a promise was broken */
export async function checkAfterLoad(system: SystemAddress): Promise<string> {
  const secrets = await loadSecrets(system.dataDir);
  const verdicts = await checkInvariants({
    databaseUrls: system.databaseUrls,
    natsUrl: system.natsUrl,
    natsPrefix: system.natsPrefix,
    providerUrl: system.providerUrl,
    providerApiKey: secrets.sandboxApiKey,
  });
  const broken = verdicts.filter(({ offenders }) => offenders.length > 0);
  if (broken.length > 0) {
    const lines = broken.map(
      ({ invariant: { number, promise }, offenders }) =>
        `${number} ${promise}: ${offenders.length} rows, such as ${JSON.stringify(offenders[0])}`,
    );
    throw new Error(`The load broke invariants:\n${lines.join('\n')}`);
  }
  const rows = verdicts.reduce((sum, { checked }) => sum + checked, 0);
  return `After the load all ${verdicts.length} invariants hold (${rows.toLocaleString('en')} rows looked at).`;
}
