/** Publishing a manifest: everything in it must be good on the API as it is, and then all of it is served, or nothing. */
import type { Database } from '@ordergraph/platform/database.ts';
import {
  faultLine,
  reliedOn,
  typeFaults,
  type PartnerFault,
} from '@ordergraph/schema/manifests/committed-manifests.ts';
import {
  checkManifest,
  checkOperation,
  type CheckRules,
} from '@ordergraph/schema/manifests/manifest-check.ts';
import { readManifest, type ManifestFault } from '@ordergraph/schema/manifests/manifest-file.ts';
import type { GraphQLSchema } from 'graphql';
import { parseWithin, type Limits } from '../limits.ts';
import { publish, servedOperations, type Publication } from '../store/manifests.ts';
import { partnerNamed } from '../store/partners.ts';

/** What operations are checked against. */
export type LiveApi = { readonly schema: GraphQLSchema; readonly limits: Limits };

/** Thrown for a manifest with faults: all of them. */
export class ManifestRefused extends Error {
  override readonly name = 'ManifestRefused';
  readonly faults: readonly PartnerFault[];
  constructor(partner: string, faults: readonly ManifestFault[]) {
    const named = faults.map((fault) => ({ partner, ...fault }));
    super(`The manifest was not published:\n${named.map((fault) => faultLine(fault)).join('\n')}`);
    this.faults = named;
  }
}

/** @throws NotAManifest, ManifestRefused, PartnerRefused; nothing has changed then */
export async function publishManifest(
  sql: Database,
  api: LiveApi,
  { partner, text }: { readonly partner: string; readonly text: string },
): Promise<Publication & { readonly operationCount: number }> {
  await partnerNamed(sql, partner);
  const manifest = readManifest(text);
  const { operations, faults } = checkManifest(manifest, rulesOf(api));
  if (faults.length > 0) throw new ManifestRefused(partner, faults);
  const publication = await publish(sql, partner, {
    form: manifest.form,
    operations: operations.map((operation) => ({ ...operation, types: reliedOn(operation) })),
  });
  return { ...publication, operationCount: operations.length };
}

/** What stands between the operations that partners are served and the API as it is. */
export async function servedFaults(
  sql: Database,
  api: LiveApi,
): Promise<{ readonly operationCount: number; readonly faults: readonly PartnerFault[] }> {
  const served = await servedOperations(sql);
  const faults = served.flatMap((operation) => {
    const checked = checkOperation(operation, rulesOf(api));
    const found =
      'faults' in checked ? checked.faults : typeFaults([checked], operation.types, api.schema);
    return found.map((fault) => ({ partner: operation.partner, ...fault }));
  });
  return { operationCount: served.length, faults };
}

/** What the router would refuse when it is run is refused when it is published. */
function rulesOf({ schema, limits }: LiveApi): CheckRules {
  return { schema, parse: (text) => parseWithin(text, limits) };
}
