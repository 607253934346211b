/**
 * Errors as the response has room for them. A plan fetches more than the client asked for: keys, what other fields require,
 * fields under names of the plan's own, fields of one type for objects of all. An error there belongs to the object that
 * was asked for, if something is missing in it; otherwise it concerns nobody.
 */
import type { GraphQLFormattedError } from 'graphql';
import type { ResponsePath } from './entity-targets.ts';
import { isJsonObject, own, type JsonObject } from './json.ts';
import type { FieldShape, ObjectShape, TypeShape } from './response-shape.ts';

/** The errors that concern the response, each once, with paths that it has. */
export function withinResponse(
  errors: readonly GraphQLFormattedError[],
  shape: ObjectShape,
  data: JsonObject,
): readonly GraphQLFormattedError[] {
  const seen = new Set<string>();
  return errors
    .flatMap((error) => clipped(error, shape, data) ?? [])
    .filter((error) => {
      const key = JSON.stringify(error);
      return !seen.has(key) && seen.add(key);
    });
}

function clipped(
  error: GraphQLFormattedError,
  shape: ObjectShape,
  data: JsonObject,
): GraphQLFormattedError | undefined {
  const { path, ...rest } = error;
  if (!path) return error;
  const { length, object } = knownPart(path, shape, data);
  if (length === path.length) return error;
  if (object && !misses(object.value, object.fields)) return undefined;
  return length === 0 ? rest : { ...rest, path: path.slice(0, length) };
}

type KnownObject = { readonly value: JsonObject; readonly fields: readonly FieldShape[] };
/** How much of a path the response has, and the object there, as far as there is data. */
type Known = { readonly length: number; readonly object: KnownObject | undefined };

function knownPart(path: ResponsePath, shape: ObjectShape, data: JsonObject): Known {
  let value: unknown = data;
  let shapes: readonly ObjectShape[] = [shape];
  let length = 0;
  for (const [i, element] of path.entries()) {
    if (typeof element === 'number') {
      value = Array.isArray(value) ? value[element] : undefined;
      length = i + 1;
      continue;
    }
    const object = objectOf(value, shapes);
    const fields = object
      ? object.fields.filter(({ name }) => name === element)
      : shapes.flatMap((one) => one.fieldsNamed(element));
    if (fields.length === 0) return { length, object };
    value = isJsonObject(value) ? own(value, element) : undefined;
    shapes = fields.flatMap(({ type }) => shapeIn(type) ?? []);
    length = i + 1;
  }
  return { length, object: undefined };
}

function objectOf(value: unknown, shapes: readonly ObjectShape[]): KnownObject | undefined {
  if (!isJsonObject(value)) return undefined;
  const fields = shapes.flatMap((shape) => shape.fieldsFor(value['__typename']) ?? []);
  return fields.length > 0 ? { value, fields } : undefined;
}

function misses(value: JsonObject, fields: readonly FieldShape[]): boolean {
  return fields.some(
    ({ name, constant }) => constant === undefined && (own(value, name) ?? null) === null,
  );
}

function shapeIn(type: TypeShape): ObjectShape | undefined {
  if (type.kind === 'list') return shapeIn(type.item);
  return type.kind === 'object' ? type.object : undefined;
}
