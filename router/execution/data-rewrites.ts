/** A plan's changes to what goes into a fetch and to what comes out of it. */
import type { FetchNode } from '@apollo/query-planner';
import { isJsonObject, own, setOwn, type JsonObject } from './json.ts';
import type { TypeConditions } from './type-conditions.ts';

export type DataRewrite = NonNullable<FetchNode['inputRewrites']>[number];

const fragmentPrefix = '... on ';

/**
 * Changes `value` in place.
 * @param fallbackType the type of `value` where it does not say so itself
 */
export function applyRewrites(
  rewrites: readonly DataRewrite[],
  value: unknown,
  place: { readonly types: TypeConditions; readonly fallbackType?: unknown },
): void {
  for (const rewrite of rewrites) {
    const key = rewrite.path.at(-1);
    if (key === undefined) continue;
    visit(value, rewrite.path.slice(0, -1), place, (object) => {
      if (rewrite.kind === 'ValueSetter') setOwn(object, key, rewrite.setValueTo);
      else {
        const present = own(object, key);
        if (present === undefined) return;
        setOwn(object, rewrite.renameKeyTo, present);
        delete object[key];
      }
    });
  }
}

type Place = { readonly types: TypeConditions; readonly fallbackType?: unknown };

function visit(
  value: unknown,
  path: readonly string[],
  place: Place,
  change: (object: JsonObject) => void,
): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, path, place, change);
    return;
  }
  if (!isJsonObject(value)) return;
  const [first, ...rest] = path;
  if (first === undefined) return change(value);
  if (!first.startsWith(fragmentPrefix)) {
    return visit(own(value, first), rest, { types: place.types }, change);
  }
  const type = value['__typename'] ?? place.fallbackType;
  // Where nothing tells the type, the fetch's own selection has left no other.
  const applies =
    type === undefined || place.types.satisfies(type, first.slice(fragmentPrefix.length));
  if (applies) visit(value, rest, place, change);
}
