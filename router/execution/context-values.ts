/** Values of `@fromContext` arguments: read from the objects around an entity, as the plan says. */
import type { Located } from './entity-targets.ts';
import { isJsonObject, own } from './json.ts';
import type { EntityInput, FetchPath } from './prepared-plan.ts';
import type { TypeConditions } from './type-conditions.ts';

const fragmentPrefix = '... on ';

/** The arguments' values by the names of the fetch's variables; null where no surroundings of the right type are. */
export function contextValues(
  context: EntityInput['context'],
  { around }: Located,
  types: TypeConditions,
): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  for (const [variable, paths] of context) {
    const found = paths.map((path) => valueAt(around, path, types));
    values.set(variable, found.find((value) => value !== undefined) ?? null);
  }
  return values;
}

/** A path begins with a `..` for each field to go up. */
function valueAt(around: Located['around'], path: FetchPath, types: TypeConditions): unknown {
  const up = path.findIndex((element) => element !== '..');
  return read(around.at(-1 - up), path.slice(up), types);
}

function read(value: unknown, path: FetchPath, types: TypeConditions): unknown {
  const [first, ...rest] = path;
  if (first === undefined || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => read(item, path, types));
  if (!isJsonObject(value)) return undefined;
  if (!first.startsWith(fragmentPrefix)) return read(own(value, first), rest, types);
  return types.satisfies(value['__typename'], first.slice(fragmentPrefix.length))
    ? read(value, rest, types)
    : undefined;
}
