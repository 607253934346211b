/**
 * Entities that everybody may see, kept between requests by what was asked of them: an order's products, for example, of
 * which each comes with many orders. What holds for answers holds here for each fetch (see `response-cache.ts`). Entities of
 * one answer end one by one, by the keys that events name.
 */
import { createHash } from 'node:crypto';
import { isObjectType } from 'graphql';
import type { EntityCache, KeptEntities } from '../execution/entity-cache.ts';
import type { RequestPart, ValueText } from '../execution/entity-request.ts';
import { isJsonObject } from '../execution/json.ts';
import type { PreparedFetch } from '../execution/prepared-plan.ts';
import { fetchedTypes } from './fetched-types.ts';
import { keyIn, namedBy } from './invalidations.ts';
import { Prospect, type SupergraphKeeping } from './keeping.ts';
import { asEntities, everything, inAnswers, ofEntity, type Tag } from './tags.ts';
import type { Found, Sought } from './versioned-store.ts';

/** More of them are not looked up at once: that would hold up Redis. */
const soughtMax = 1_000;

/** What depends on the fetch alone. */
type KeptFetch = {
  /** Of its entities. */
  readonly type: string;
  /** Of what they hold. */
  readonly types: readonly string[];
  readonly prospect: Prospect;
};

/** Where an entity is to be kept that was not found. */
type Place = { readonly key: string; readonly versions: string } | undefined;

export function createKeptEntities(keeping: SupergraphKeeping): EntityCache {
  const fetches = new WeakMap<PreparedFetch, KeptFetch | 'guarded'>();
  const places = new WeakMap<RequestPart, readonly Place[]>();

  const knownFor = ({ fetch, representations, typenames }: RequestPart): KeptFetch | undefined => {
    const known = fetches.get(fetch);
    if (!known || known === 'guarded' || !known.prospect.isGood) return undefined;
    const fits = typenames.size === 1 && typenames.has(known.type);
    return fits && representations.length <= soughtMax ? known : undefined;
  };

  const learn = (part: RequestPart): void => {
    const kept = keptFetch(part, keeping);
    fetches.set(part.fetch, kept);
    if (kept !== 'guarded') keeping.keptTypes.learn([kept.type, ...kept.types]);
  };

  const find = async (
    parts: ReadonlyMap<RequestPart, readonly Sought[]>,
    rest: readonly RequestPart[],
  ): Promise<KeptEntities> => {
    const { store, freshness, metrics } = keeping;
    const all = [...parts.values()].flat();
    const found = freshness.isSure ? await store.find(all) : undefined;
    if (!found) {
      metrics.cacheAsked('entity', 'away', all.length);
      return { found: new Map(), missing: [...rest, ...parts.keys()], remainingMs: Infinity };
    }
    const hits = found.flatMap((one) => (one.kind === 'hit' ? one.remainingMs : []));
    metrics.cacheAsked('entity', 'hit', hits.length);
    metrics.cacheAsked('entity', 'miss', found.length - hits.length);
    const entities = new Map<RequestPart, readonly unknown[]>();
    const missing = [...rest];
    let from = 0;
    for (const [part, sought] of parts) {
      const own = found.slice(from, (from += sought.length));
      entities.set(part, own.map(entityIn));
      const left = [...own.keys()].filter((i) => own[i]?.kind !== 'hit');
      if (left.length === 0) continue;
      const fetched = part.only(left);
      places.set(
        fetched,
        left.map((i) => placeFor(sought[i], own[i])),
      );
      missing.push(fetched);
    }
    return { found: entities, missing, remainingMs: Math.min(...hits) };
  };

  return {
    find(parts, valueText) {
      const sought = new Map<RequestPart, readonly Sought[]>();
      for (const part of parts) {
        const known = knownFor(part);
        if (known) sought.set(part, soughtIn(part, { known, keeping, valueText }));
      }
      return sought.size === 0
        ? undefined
        : find(
            sought,
            parts.filter((part) => !sought.has(part)),
          );
    },
    answered(part, entities, publicForMs) {
      const known = fetches.get(part.fetch);
      if (known && known !== 'guarded') known.prospect.fetched(publicForMs);
      if (publicForMs === undefined || part.typenames.size > 1) return;
      if (!known) return learn(part);
      for (const [i, place] of (places.get(part) ?? []).entries()) {
        const entity = entities[i];
        if (!place || !isJsonObject(entity)) continue;
        keeping.store.keep({ ...place, text: JSON.stringify(entity), forMs: publicForMs });
      }
    },
  };
}

function keptFetch(
  { fetch, typenames }: RequestPart,
  { source, changing }: SupergraphKeeping,
): KeptFetch | 'guarded' {
  const [type] = typenames;
  const { isOpen, types } = fetchedTypes(fetch.operation.selectionSet, source);
  // Of an object that is only known by an interface nobody knows which events are about it.
  if (!isOpen || typeof type !== 'string' || !isObjectType(source.schema.getType(type))) {
    return 'guarded';
  }
  return {
    type,
    types: [...types].filter((one) => changing.has(one)),
    prospect: new Prospect(),
  };
}

type Seeking = {
  readonly known: KeptFetch;
  readonly keeping: SupergraphKeeping;
  readonly valueText: ValueText;
};

function soughtIn(part: RequestPart, { known, keeping, valueText }: Seeking): readonly Sought[] {
  const { fetch, context } = part;
  const { pieces = [] } = fetch.operation.entities ?? {};
  const values = fetch.variables.map(({ key, name }) => key + (valueText(name) ?? ''));
  const hash = createHash('sha256').update(
    JSON.stringify([keeping.id, fetch.service, pieces, values, [...context]]),
  );
  const tags = [everything, asEntities(known.type), ...known.types.map(inAnswers)];
  return part.representations.map((representation) => ({
    key: hash.copy().update(representation).digest('base64url'),
    tags: [...tags, ...identityTags(known.type, representation, keeping)],
  }));
}

/** An entity that does not show the keys by which events name its type ends with any change of the type. */
function identityTags(
  type: string,
  representation: string,
  { invalidations }: SupergraphKeeping,
): readonly Tag[] {
  const object: unknown = JSON.parse(representation);
  const named = namedBy(invalidations, type);
  const keys = named.flatMap((fields) => {
    const key = isJsonObject(object) ? keyIn(fields, object) : undefined;
    return key ? [key] : [];
  });
  return keys.length === named.length && named.length > 0
    ? keys.map((key) => ofEntity(type, key))
    : [inAnswers(type)];
}

function entityIn(found: Found): unknown {
  return found.kind === 'hit' ? JSON.parse(found.text) : undefined;
}

function placeFor(sought: Sought | undefined, found: Found | undefined): Place {
  return sought && found?.kind === 'miss'
    ? { key: sought.key, versions: found.versions }
    : undefined;
}
