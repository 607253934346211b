/**
 * The operations of partners' manifests, by id. A version never changes, so one that was read once is right for ever;
 * those used last are kept whole, and an id that is not among them costs no query.
 */
import type { Database } from '@ordergraph/platform/database.ts';
import { BoundedCache } from '../bounded-cache.ts';
import type { Partner } from './directory.ts';
import { operationsOf, type PublishedOperation } from '../store/manifests.ts';
import { withinTime } from './within-time.ts';

export type PublishedOperations = {
  /** The operation of that id in the manifest that the partner has now. Rejects if the database does not answer. */
  find(partner: Partner, id: string): Promise<PublishedOperation | undefined>;
};

/** Manifests kept, and their texts' length in all, in characters. */
const manifestsMax = 1_000;
const textsMax = 64 * 1024 * 1024;

const readTimeoutMs = 2_000;

type ById = ReadonlyMap<string, PublishedOperation>;

export function createPublishedOperations(sql: Database): PublishedOperations {
  const manifests = new BoundedCache<Promise<ById>>(manifestsMax, textsMax);

  const load = async (partnerId: string, version: number): Promise<ById> =>
    new Map(
      (await withinTime(operationsOf(sql, partnerId, version), readTimeoutMs)).map((one) => [
        one.id,
        one,
      ]),
    );

  return {
    async find({ id: partnerId, activeVersion }, operationId) {
      if (activeVersion === null) return undefined;
      const key = `${partnerId}@${activeVersion}`;
      const kept = manifests.get(key);
      if (kept) return (await kept).get(operationId);
      const loading = load(partnerId, activeVersion);
      // Shared by all who ask meanwhile; a failure is forgotten, for the next to try again.
      manifests.set(key, loading);
      try {
        const operations = await loading;
        manifests.set(key, loading, weight(operations));
        return operations.get(operationId);
      } catch (error) {
        manifests.delete(key);
        throw error;
      }
    },
  };
}

function weight(operations: ById): number {
  let sum = 0;
  for (const { id, text } of operations.values()) sum += id.length + text.length;
  return sum;
}
