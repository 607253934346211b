/**
 * Puts the answer to a permitted operation into the shape of the operation that the client sent. A field that was not
 * permitted is null, with an error at each of its places, and takes with it what may not be null, as if its resolver had
 * thrown. What lies beside the fields that are missing stays as it is.
 */
import {
  getNamedType,
  isListType,
  isNonNullType,
  isObjectType,
  type FieldNode,
  type GraphQLFormattedError,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type SelectionSetNode,
} from 'graphql';
import { collectedFields, type OperationSource } from '../collected-fields.ts';
import { isJsonObject, own } from '../execution/json.ts';

export type Path = readonly (string | number)[];

export type Denial = {
  /** The client's operation. */
  readonly source: OperationSource;
  readonly denied: ReadonlySet<FieldNode>;
  /** Fields that are denied or have such a field below them. */
  readonly affected: ReadonlySet<FieldNode>;
  /** The response name under which the answer has the types of objects that may be of several. */
  readonly typeName: string;
  error(path: Path): GraphQLFormattedError;
};

export type Completed = {
  /** As JSON. */
  readonly data: string;
  readonly errors: readonly GraphQLFormattedError[];
};

/** A long list must not make an answer of errors: later places are null without one. */
const errorsMax = 100;

/** `data` is what the permitted operation gave, as JSON. */
export function withDeniedFields(
  data: string,
  operation: { readonly type: GraphQLObjectType; readonly set: SelectionSetNode },
  denial: Denial,
): Completed {
  const value: unknown = JSON.parse(data);
  const completing = new Completing(denial);
  const text = isJsonObject(value)
    ? completing.object(value, operation.type, [operation.set])
    : undefined;
  return { data: text ?? 'null', errors: completing.errors };
}

/** JSON; undefined for a null that goes further up if it may not be there. */
type Text = string | undefined;

class Completing {
  readonly errors: GraphQLFormattedError[] = [];
  readonly #denial: Denial;
  readonly #path: (string | number)[] = [];

  constructor(denial: Denial) {
    this.#denial = denial;
  }

  object(
    value: Record<string, unknown>,
    type: GraphQLObjectType,
    sets: readonly SelectionSetNode[],
  ): Text {
    const members: string[] = [];
    for (const [name, nodes] of collectedFields(sets, type, this.#denial.source)) {
      const definition = type.getFields()[nodes[0]?.name.value ?? ''];
      const affected = definition && nodes.some((node) => this.#denial.affected.has(node));
      const text = affected
        ? this.#field(own(value, name), definition.type, { name, nodes })
        : (JSON.stringify(own(value, name)) ?? 'null');
      if (text === undefined && definition && isNonNullType(definition.type)) return undefined;
      members.push(`${JSON.stringify(name)}:${text ?? 'null'}`);
    }
    return `{${members.join(',')}}`;
  }

  #field(
    value: unknown,
    type: GraphQLOutputType,
    { name, nodes }: { readonly name: string; readonly nodes: readonly FieldNode[] },
  ): Text {
    this.#path.push(name);
    const text = nodes.some((node) => this.#denial.denied.has(node))
      ? this.#refused()
      : this.#value(value, type, nodes);
    this.#path.pop();
    return text;
  }

  #refused(): undefined {
    if (this.errors.length < errorsMax) this.errors.push(this.#denial.error([...this.#path]));
    return undefined;
  }

  #value(value: unknown, type: GraphQLOutputType, nodes: readonly FieldNode[]): Text {
    if (value === null || value === undefined) return undefined;
    if (isNonNullType(type)) return this.#value(value, type.ofType, nodes);
    if (isListType(type)) {
      return Array.isArray(value) ? this.#list(value, type.ofType, nodes) : undefined;
    }
    const runtime = this.#runtimeType(value, type);
    if (!runtime || !isJsonObject(value)) return undefined;
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    return this.object(value, runtime, sets);
  }

  #list(values: readonly unknown[], item: GraphQLOutputType, nodes: readonly FieldNode[]): Text {
    const items: string[] = [];
    for (const [index, value] of values.entries()) {
      this.#path.push(index);
      const text = this.#value(value, item, nodes);
      this.#path.pop();
      if (text === undefined && isNonNullType(item)) return undefined;
      items.push(text ?? 'null');
    }
    return `[${items.join(',')}]`;
  }

  #runtimeType(value: unknown, type: GraphQLOutputType): GraphQLObjectType | undefined {
    const named = getNamedType(type);
    if (isObjectType(named)) return named;
    const name = isJsonObject(value) ? own(value, this.#denial.typeName) : undefined;
    const runtime = typeof name === 'string' && this.#denial.source.schema.getType(name);
    return runtime && isObjectType(runtime) ? runtime : undefined;
  }
}
