/** The objects that a fetch is about: all that its path leads to in the data fetched so far. */
import { isJsonObject, own, type JsonObject } from './json.ts';
import type { FetchPath } from './prepared-plan.ts';

export type ResponsePath = readonly (string | number)[];

/** The objects at a path, in order. What is null, missing or no object is left out. */
export function targetsAt(data: JsonObject, path: FetchPath): readonly JsonObject[] {
  const found: JsonObject[] = [];
  collect(data, path, 0, found);
  return found;
}

function collect(value: unknown, path: FetchPath, depth: number, found: JsonObject[]): void {
  let current = value;
  for (let i = depth; i < path.length; i += 1) {
    const element = path[i];
    if (element === '@') {
      if (!Array.isArray(current)) return;
      for (const item of current) collect(item, path, i + 1, found);
      return;
    }
    if (element === undefined || !isJsonObject(current)) return;
    current = own(current, element);
  }
  if (isJsonObject(current)) found.push(current);
}

export type Located = {
  readonly target: JsonObject;
  readonly path: ResponsePath;
  /** The object itself and those around it, one for each field on the way, from the root. */
  readonly around: readonly JsonObject[];
};

/** The same objects, with where they are. */
export function locatedAt(data: JsonObject, path: FetchPath): readonly Located[] {
  const found: Located[] = [];
  const walk = (value: unknown, depth: number, at: ResponsePath, around: JsonObject[]): void => {
    const element = path[depth];
    if (element === '@') {
      if (!Array.isArray(value)) return;
      for (const [i, item] of value.entries()) walk(item, depth + 1, [...at, i], around);
      return;
    }
    if (!isJsonObject(value)) return;
    const within = [...around, value];
    if (element === undefined) found.push({ target: value, path: at, around: within });
    else walk(own(value, element), depth + 1, [...at, element], within);
  };
  walk(data, 0, [], []);
  return found;
}
