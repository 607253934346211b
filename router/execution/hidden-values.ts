/**
 * What subgraphs may answer with and clients do not know: objects of types and values of enums that are `@inaccessible`.
 * Where one turns up, the client sees null. That is what the schema's author asked for, and no error.
 */
import { isAbstractType, isEnumType, type GraphQLSchema } from 'graphql';

export type HiddenValues = {
  /** Whether an object that calls itself `typename` may stand where the type is, unseen by clients. */
  isHiddenObject(typename: unknown, type: string): boolean;
  enumValues(type: string): ReadonlySet<string>;
};

const none: ReadonlySet<string> = new Set();

/** @param api the clients' schema, @param supergraph the one with all that subgraphs have */
export function hiddenValues(api: GraphQLSchema, supergraph: GraphQLSchema): HiddenValues {
  const objects = new Map<string, ReadonlySet<string>>();
  const values = new Map<string, ReadonlySet<string>>();
  for (const type of Object.values(supergraph.getTypeMap())) {
    if (isAbstractType(type)) {
      const hidden = supergraph
        .getPossibleTypes(type)
        .filter((object) => api.getType(object.name) === undefined);
      if (hidden.length > 0) objects.set(type.name, new Set(hidden.map(({ name }) => name)));
    }
    const known = api.getType(type.name);
    if (isEnumType(type) && isEnumType(known)) {
      const hidden = type.getValues().filter(({ name }) => !known.getValue(name));
      if (hidden.length > 0) values.set(type.name, new Set(hidden.map(({ name }) => name)));
    }
  }
  return {
    isHiddenObject: (typename, type) =>
      typeof typename === 'string' && objects.get(type)?.has(typename) === true,
    enumValues: (type) => values.get(type) ?? none,
  };
}
