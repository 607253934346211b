/**
 * Writes the response as JSON text straight from the data that the fetches brought: each value is looked at once, and
 * nothing that was not asked for is copied. Text in place of objects also makes null propagation simple: what must
 * become null is text not used.
 *
 * A value that breaks its type becomes null, and the nearest nullable field around it if it may not be null itself,
 * with one error. No error is made where a subgraph's own already tells why the value is missing.
 */
import type { FieldNode, GraphQLFormattedError } from 'graphql';
import type { ObjectCounts } from '../result.ts';
import type { ResponsePath } from './entity-targets.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import type { FieldShape, LeafKind, ObjectShape, TypeShape } from './response-shape.ts';

export type WriterParts = {
  /** The errors so far, with paths of the response. */
  readonly errors: readonly GraphQLFormattedError[];
  /** A `__schema` or `__type` field as JSON. */
  readonly introspect: (field: readonly FieldNode[]) => string;
  /** The error for a value that is no object or no list where the schema has one. */
  readonly malformed: (path: ResponsePath) => GraphQLFormattedError;
};

export type WrittenResponse = {
  /** As JSON. */
  readonly data: string;
  /** Of the writing alone. */
  readonly errors: readonly GraphQLFormattedError[];
  readonly objects: ObjectCounts;
};

export function writeResponse(
  data: JsonObject,
  shape: ObjectShape,
  parts: WriterParts,
): WrittenResponse {
  const writer = new ResponseWriter(parts);
  const text = writer.object(data, shape);
  return { data: text ?? 'null', errors: writer.errors, objects: writer.objects };
}

/** Texts of values; undefined for one that became null with an error, which goes further up if it may not be null. */
type Text = string | undefined;

class ResponseWriter {
  readonly errors: GraphQLFormattedError[] = [];
  readonly objects = new Map<readonly FieldShape[], number>();
  readonly #parts: WriterParts;
  /** Where the value being written is. Leaves are not entered. */
  readonly #path: (string | number)[] = [];
  #explained: Explained | undefined;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  object(value: JsonObject, shape: ObjectShape): Text {
    const fields = shape.fieldsFor(value['__typename']);
    if (!fields)
      return this.#invalid(`Invalid __typename found for object of type ${shape.typeName}.`);
    this.objects.set(fields, (this.objects.get(fields) ?? 0) + 1);
    let text = '';
    for (const field of fields) {
      const written = this.#field(value, field);
      if (written === undefined) {
        if (field.type.nonNull) return undefined;
        text += `${field.key}null`;
      } else text += field.key + written;
    }
    return text === '' ? '{}' : `${text}}`;
  }

  #field(parent: JsonObject, field: FieldShape): Text {
    if (field.constant !== undefined) return field.constant;
    if (field.introspection) return this.#parts.introspect(field.nodes);
    const value =
      field.inherited && !Object.hasOwn(parent, field.name) ? undefined : parent[field.name];
    const { type } = field;
    if (type.kind === 'leaf' && value !== null && value !== undefined) {
      const text = leafText(value, type.leaf);
      if (text !== undefined) return text;
    }
    this.#path.push(field.name);
    const text = this.#value(value, type, field);
    this.#path.pop();
    return text;
  }

  #value(value: unknown, type: TypeShape, field: FieldShape): Text {
    if (value === null || value === undefined) {
      if (!type.nonNull) return 'null';
      return this.#invalid(`Cannot return null for non-nullable field ${field.coordinate}.`);
    }
    switch (type.kind) {
      case 'leaf':
        return (
          leafText(value, type.leaf) ??
          this.#invalid(`Invalid value found for field ${field.coordinate}.`)
        );
      case 'list':
        return Array.isArray(value) ? this.#list(value, type.item, field) : this.#malformed();
      case 'object':
        return isJsonObject(value) ? this.object(value, type.object) : this.#malformed();
    }
  }

  #list(values: readonly unknown[], item: TypeShape, field: FieldShape): Text {
    let text = '';
    let whole = true;
    for (let i = 0; i < values.length; i += 1) {
      this.#path.push(i);
      const written = this.#value(values[i], item, field);
      this.#path.pop();
      whole &&= written !== undefined || !item.nonNull;
      text += (i === 0 ? '[' : ',') + (written ?? 'null');
    }
    if (!whole) return undefined;
    return text === '' ? '[]' : `${text}]`;
  }

  #invalid(message: string): undefined {
    const path = [...this.#path];
    if (!this.#isExplained(path)) {
      this.errors.push({ message, path, extensions: { code: 'INTERNAL_SERVER_ERROR' } });
    }
    return undefined;
  }

  #malformed(): undefined {
    const path = [...this.#path];
    if (!this.#isExplained(path)) this.errors.push(this.#parts.malformed(path));
    return undefined;
  }

  /** Whether an error is known for this place, for one above it, or for one below it that took this one with it. */
  #isExplained(path: ResponsePath): boolean {
    const { at, above } = (this.#explained ??= explainedPlaces(this.#parts.errors));
    return above.has(keyOf(path)) || path.some((_, depth) => at.has(keyOf(path.slice(0, depth))));
  }
}

type Explained = {
  /** Where errors are. */
  readonly at: ReadonlySet<string>;
  /** The same places and all above them. */
  readonly above: ReadonlySet<string>;
};

function explainedPlaces(errors: readonly GraphQLFormattedError[]): Explained {
  const paths = errors.flatMap(({ path }) => (path ? [path] : []));
  return {
    at: new Set(paths.map(keyOf)),
    above: new Set(paths.flatMap((path) => path.map((_, i) => keyOf(path.slice(0, i + 1))))),
  };
}

function keyOf(path: ResponsePath): string {
  return JSON.stringify(path);
}

/** Undefined for a value that is not of the type. */
function leafText(value: unknown, leaf: LeafKind): Text {
  if (typeof value === 'string') {
    return stringFits(value, leaf) ? JSON.stringify(value) : undefined;
  }
  if (typeof value === 'number') return numberFits(value, leaf) ? String(value) : undefined;
  const fits = leaf.kind === 'custom' || (leaf.kind === 'Boolean' && typeof value === 'boolean');
  return fits ? jsonText(value) : undefined;
}

/** A custom scalar may be anything, also nested so deep that it exhausts the stack: then it is no value. */
function jsonText(value: unknown): Text {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function stringFits(value: string, leaf: LeafKind): boolean {
  if (leaf.kind === 'enum') return leaf.values.has(value);
  return leaf.kind === 'String' || leaf.kind === 'ID' || leaf.kind === 'custom';
}

function numberFits(value: number, { kind }: LeafKind): boolean {
  if (kind === 'Int' || kind === 'ID') return Number.isInteger(value);
  return kind === 'Float' || kind === 'custom';
}
