/** Which types there are, and which of them satisfy a type condition, by their names. */
import { isAbstractType, isInterfaceType, isObjectType, type GraphQLSchema } from 'graphql';

export class TypeConditions {
  /** For each abstract type the names of its objects and of the interfaces below it. */
  readonly #satisfying = new Map<string, ReadonlySet<string>>();
  readonly #objects = new Set<string>();

  /** @param schema the supergraph's, so that types that clients do not see are known too */
  constructor(schema: GraphQLSchema) {
    const types = Object.values(schema.getTypeMap());
    for (const type of types) {
      if (isObjectType(type)) this.#objects.add(type.name);
      if (!isAbstractType(type)) continue;
      const below = types.filter(
        (other) => (isObjectType(other) || isInterfaceType(other)) && schema.isSubType(type, other),
      );
      this.#satisfying.set(type.name, new Set(below.map(({ name }) => name)));
    }
  }

  isObject(type: unknown): boolean {
    return typeof type === 'string' && this.#objects.has(type);
  }

  satisfies(type: unknown, condition: string): boolean {
    if (type === condition) return true;
    return typeof type === 'string' && this.#satisfying.get(condition)?.has(type) === true;
  }
}
