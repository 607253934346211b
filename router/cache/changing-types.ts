/**
 * The types that changes are told of: entities, what the query type's own fields give, and those that events name. Others,
 * such as an amount of money, change with the object that they are part of.
 *
 * What a mutation changes nobody says. By the custom that its payload holds what it changed, it is taken to be all that can
 * be in the payload without going through an entity to another: an order's products are not changed by its being placed.
 */
import {
  getNamedType,
  isAbstractType,
  isObjectType,
  Kind,
  parse,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';

export class ChangingTypes {
  readonly #schema: GraphQLSchema;
  readonly #entities: ReadonlySet<string>;
  readonly #changing: ReadonlySet<string>;

  /** @param named types that events name */
  constructor(
    supergraph: { readonly sdl: string; readonly schema: GraphQLSchema },
    named: readonly string[],
  ) {
    this.#schema = supergraph.schema;
    this.#entities = entitiesIn(supergraph.sdl);
    const fields = Object.values(supergraph.schema.getQueryType()?.getFields() ?? {});
    const given = fields.flatMap((field) => this.#objectsOf(getNamedType(field.type)));
    this.#changing = new Set([...this.#entities, ...given.map(({ name }) => name), ...named]);
  }

  /** Whether changes of a type are told. */
  has(type: string): boolean {
    return this.#changing.has(type);
  }

  /** What a field of the mutation type may change. */
  changedBy(mutation: string): ReadonlySet<string> {
    const field = this.#schema.getMutationType()?.getFields()[mutation];
    const found = new Set<string>();
    const seen = new Set<string>();
    const visit = (type: unknown): void => {
      for (const object of this.#objectsOf(type)) {
        if (seen.has(object.name)) continue;
        seen.add(object.name);
        if (this.has(object.name)) found.add(object.name);
        if (this.#entities.has(object.name)) continue;
        for (const one of Object.values(object.getFields())) visit(getNamedType(one.type));
      }
    };
    if (field) visit(getNamedType(field.type));
    return found;
  }

  #objectsOf(type: unknown): readonly GraphQLObjectType[] {
    if (isObjectType(type)) return [type];
    return isAbstractType(type) ? this.#schema.getPossibleTypes(type) : [];
  }
}

/** Types with a key, and those that stand for them. */
function entitiesIn(sdl: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const definition of parse(sdl, { noLocation: true }).definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    for (const { name, arguments: given = [] } of definition.directives ?? []) {
      const hasKey = given.some((argument) => argument.name.value === 'key');
      if (name.value === 'join__type' && hasKey) names.add(definition.name.value);
    }
  }
  return names;
}
