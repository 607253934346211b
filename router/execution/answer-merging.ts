/**
 * Merges answers into the data of an operation. What an answer brings is moved into the data, not copied: an answer is
 * used once. Where it is used for several entities, all but one get a copy, or what is merged into one of them later
 * would turn up in the others.
 */
import { isJsonObject, own, setOwn, type JsonObject } from './json.ts';
import type { TypeConditions } from './type-conditions.ts';

/** Puts all fields of `source` into `target`; objects and lists of equal length are merged, the rest is replaced. */
export function mergeInto(target: JsonObject, source: JsonObject, types: TypeConditions): void {
  for (const key in source) {
    if (!Object.hasOwn(source, key)) continue;
    const value = source[key];
    if (key === '__typename' && !replacesTypename(target, value, types)) continue;
    const present = own(target, key);
    if (typeof value !== 'object' || value === null || typeof present !== 'object') {
      setOwn(target, key, value);
    } else setOwn(target, key, merged(present, value, types));
  }
}

function merged(present: object | null, value: object, types: TypeConditions): unknown {
  if (Array.isArray(value)) {
    if (!Array.isArray(present) || present.length !== value.length) return value;
    for (let i = 0; i < value.length; i += 1) {
      const [item, other]: unknown[] = [present[i], value[i]];
      present[i] =
        typeof item === 'object' && typeof other === 'object' && item !== null && other !== null
          ? merged(item, other, types)
          : other;
    }
    return present;
  }
  if (!isJsonObject(present) || !isJsonObject(value)) return value;
  mergeInto(present, value, types);
  return present;
}

/** A subgraph that knows an interface as an object names the interface; the name of the object stays. */
function replacesTypename(target: JsonObject, name: unknown, types: TypeConditions): boolean {
  return types.isObject(name) || !types.isObject(target['__typename']);
}

export function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied);
  if (!isJsonObject(value)) return value;
  const copy: JsonObject = {};
  for (const key in value) if (Object.hasOwn(value, key)) setOwn(copy, key, copied(value[key]));
  return copy;
}
