/** What an entity fetch tells a subgraph of an entity: what its plan requires, read from the data fetched so far. */
import type { FetchNode } from '@apollo/query-planner';
import { isJsonObject, own, setOwn, type JsonObject } from './json.ts';
import type { TypeConditions } from './type-conditions.ts';

export type Requirements = NonNullable<FetchNode['requires']>;

/**
 * The representation, or undefined if the data has not all that is required, or not for an entity of this type. Whether
 * it has a key is not looked at: see `entity-keys.ts`.
 */
export function representationOf(
  entity: JsonObject,
  requires: Requirements,
  types: TypeConditions,
): JsonObject | undefined {
  const representation = read(entity, requires, types);
  return representation?.['__typename'] ? representation : undefined;
}

function read(
  source: JsonObject,
  requires: Requirements,
  types: TypeConditions,
): JsonObject | undefined {
  const result: JsonObject = {};
  for (const requirement of requires) {
    if (requirement.kind === 'InlineFragment') {
      const { typeCondition, selections } = requirement;
      if (!typeCondition || !types.satisfies(source['__typename'], typeCondition)) continue;
      const inner = read(source, selections, types);
      if (inner) combine(result, inner);
      continue;
    }
    const value = own(source, requirement.alias ?? requirement.name);
    if (value === undefined) return undefined;
    const { selections } = requirement;
    setOwn(result, requirement.name, selections ? readValue(value, selections, types) : value);
  }
  return result;
}

function readValue(value: unknown, selections: Requirements, types: TypeConditions): unknown {
  if (Array.isArray(value)) return value.map((item) => readValue(item, selections, types));
  return isJsonObject(value) ? (read(value, selections, types) ?? null) : null;
}

/** Several fragments may apply to one entity; below its top they seldom name the same field. */
function combine(target: JsonObject, source: JsonObject): void {
  for (const key of Object.keys(source)) {
    const [present, value] = [own(target, key), source[key]];
    if (isJsonObject(present) && isJsonObject(value)) combine(present, value);
    else if (Array.isArray(present) && Array.isArray(value)) {
      for (const [i, item] of value.entries()) {
        const other: unknown = present[i];
        if (isJsonObject(other) && isJsonObject(item)) combine(other, item);
      }
    } else setOwn(target, key, value);
  }
}
