/** Operations of every kind over a schema, valid by construction but for fields that cannot be merged. */
import { gen, integer, type Arbitrary } from 'fast-check';
import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  parse,
  validate,
  type DocumentNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
} from 'graphql';

export type GeneratedOperation = {
  readonly text: string;
  readonly document: DocumentNode;
  readonly variables: Readonly<Record<string, unknown>>;
};

/** A whole number below a bound. */
type Draw = (bound: number) => number;

const depthMax = 5;
const fieldsMax = 5;
const selectionsMax = 25;
/** Some have fields that cannot be merged; another is written then. */
const attemptsMax = 20;

/** Operations with aliases, arguments, variables, conditions and fragments of both kinds. */
export function operationsOver(schema: GraphQLSchema): Arbitrary<GeneratedOperation> {
  return gen().map((draw) => {
    const below: Draw = (bound) => draw(integer, { min: 0, max: bound - 1 });
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const { text, variables } = new OperationWriter(schema, below).write();
      const document = parse(text);
      if (validate(schema, document).length === 0) return { text, variables, document };
    }
    return { text: '{ __typename }', variables: {}, document: parse('{ __typename }') };
  });
}

class OperationWriter {
  readonly #schema: GraphQLSchema;
  readonly #draw: Draw;
  readonly #definitions: string[] = [];
  readonly #fragments: string[] = [];
  readonly #values: Record<string, unknown> = {};
  /** How many selections may still be made. */
  #left = selectionsMax;

  constructor(schema: GraphQLSchema, draw: Draw) {
    this.#schema = schema;
    this.#draw = draw;
  }

  write(): { text: string; variables: Readonly<Record<string, unknown>> } {
    const mutation = this.#draw(8) === 0 ? this.#schema.getMutationType() : undefined;
    const type = mutation ?? this.#schema.getQueryType();
    if (!type) throw new Error('a schema has queries');
    const selections = this.#selections(type, 0);
    const definitions = this.#definitions.length > 0 ? `(${this.#definitions.join(', ')})` : '';
    const text = `${mutation ? 'mutation' : 'query'} Generated${definitions} ${selections} ${this.#fragments.join(' ')}`;
    return { text, variables: this.#values };
  }

  #selections(type: GraphQLCompositeType, depth: number): string {
    const count = Math.min(1 + this.#draw(fieldsMax), Math.max(1, this.#left));
    this.#left -= count;
    const selections = Array.from({ length: count }, () => this.#selection(type, depth));
    const chosen = selections.filter((selection) => selection !== '');
    return `{ ${chosen.length > 0 ? chosen.join(' ') : '__typename'} }`;
  }

  #selection(type: GraphQLCompositeType, depth: number): string {
    const fields = 'getFields' in type ? Object.values(type.getFields()) : [];
    const usable = fields.filter(
      (field) => depth < depthMax || !isCompositeType(getNamedType(field.type)),
    );
    const kind = this.#draw(12);
    if (kind === 0) return this.#draw(2) === 0 ? '__typename' : `t${this.#draw(2)}: __typename`;
    if (depth <= depthMax && depth > 0 && kind <= (isAbstractType(type) ? 6 : 2)) {
      return this.#fragment(type, depth);
    }
    const field = usable[this.#draw(Math.max(usable.length, 1))];
    if (!field) return '__typename';
    return this.#field(field, depth);
  }

  #field(field: GraphQLField<unknown, unknown>, depth: number): string {
    const named = getNamedType(field.type);
    const given = field.args.flatMap(({ name, type }) =>
      isNonNullType(type) || this.#draw(3) === 0 ? [`${name}: ${this.#value(type)}`] : [],
    );
    // Fields with arguments mostly get a name of their own, or few of them could be merged.
    const alias =
      this.#draw(given.length > 0 ? 3 : 10) === 0 ? '' : `a${this.#draw(6)}${field.name}: `;
    const name = given.length > 0 || this.#draw(8) === 0 ? `${alias}${field.name}` : field.name;
    const values = given.length > 0 ? `(${given.join(', ')})` : '';
    const inner = isCompositeType(named) ? ` ${this.#selections(named, depth + 1)}` : '';
    return `${name}${values}${this.#condition()}${inner}`;
  }

  #fragment(type: GraphQLCompositeType, depth: number): string {
    const possible = this.#conditionsFor(type);
    const condition = possible[this.#draw(possible.length)] ?? type;
    const selections = this.#selections(condition, depth + 1);
    if (this.#draw(3) === 0) {
      const name = `F${this.#fragments.length}`;
      this.#fragments.push(`fragment ${name} on ${condition.name} ${selections}`);
      return `...${name}${this.#condition()}`;
    }
    const on = this.#draw(6) === 0 && condition === type ? '' : ` on ${condition.name}`;
    return `...${on}${this.#condition()} ${selections}`;
  }

  /** Types whose fragments may stand in a selection of a type. */
  #conditionsFor(type: GraphQLCompositeType): readonly GraphQLCompositeType[] {
    const objects = isAbstractType(type) ? this.#schema.getPossibleTypes(type) : [type];
    const interfaces = objects.flatMap((object) => object.getInterfaces());
    return [...new Set([type, ...objects, ...interfaces])].filter(
      (condition) => isObjectType(condition) || isInterfaceType(condition) || condition === type,
    );
  }

  #condition(): string {
    const kind = this.#draw(30);
    if (kind > 2) return '';
    const directive = this.#draw(2) === 0 ? 'skip' : 'include';
    if (kind === 2) return ` @${directive}(if: ${this.#draw(2) === 0})`;
    const name = `c${this.#draw(3)}`;
    if (!(name in this.#values)) {
      this.#values[name] = this.#draw(2) === 0;
      this.#definitions.push(`$${name}: Boolean!`);
    }
    return ` @${directive}(if: $${name})`;
  }

  #value(type: GraphQLInputType): string {
    if (this.#draw(3) > 0) return JSON.stringify(this.#plain(type)).replaceAll(/"@(\w+)"/g, '$1');
    const name = `v${this.#definitions.length}`;
    const value = this.#plain(type);
    this.#definitions.push(`$${name}: ${String(type)}`);
    this.#values[name] = JSON.parse(JSON.stringify(value).replaceAll('"@', '"'));
    return `$${name}`;
  }

  /** Enum values have an `@` before them. */
  #plain(type: GraphQLInputType): unknown {
    if (isNonNullType(type)) return this.#plain(type.ofType);
    if (isListType(type))
      return Array.from({ length: this.#draw(4) }, () => this.#plain(type.ofType));
    const named = getNamedType(type);
    if (isEnumType(named)) {
      const values = named.getValues();
      return `@${values[this.#draw(values.length)]?.name ?? ''}`;
    }
    switch (named.name) {
      case 'Int':
        return this.#draw(5);
      case 'Float':
        return this.#draw(5) / 2;
      case 'Boolean':
        return this.#draw(2) === 0;
      case 'ID':
        return `${['p', 'm', 'b', 'u'][this.#draw(4)] ?? 'p'}${this.#draw(8)}`;
      default:
        return ['c1', 'c2', 'FORBIDDEN', 'NONE', 'x "y"'][this.#draw(5)];
    }
  }
}
