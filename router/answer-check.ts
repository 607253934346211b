/**
 * Whether a subgraph's answer has the form that the schema promises. An object where a list belongs, or a text where
 * an object does, would make an executor fail as a whole: such a value is made null here, and reported at its path.
 * Scalars are left to the executor.
 */
import {
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  parse,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { BoundedCache } from './bounded-cache.ts';
import { isRecord } from './request.ts';

type Path = readonly (string | number)[];

/** Checks `data` in place and returns the paths of what was made null; `undefined` if it is wrong as a whole. */
export type AnswerCheck = (
  data: Record<string, unknown>,
  query: string,
  representations: unknown,
) => readonly Path[] | undefined;

const keptMax = 2_000;
const keptCharactersMax = 4 * 1024 * 1024;

/** `schema` is the supergraph's, with the fields of all subgraphs. */
export function createAnswerCheck(schema: GraphQLSchema): AnswerCheck {
  const parsed = new BoundedCache<OperationDefinitionNode | undefined>(keptMax, keptCharactersMax);
  const operationOf = (query: string) => {
    const known = parsed.get(query);
    if (known) return known;
    const operation = parse(query, { noLocation: true }).definitions.find(
      (definition) => definition.kind === Kind.OPERATION_DEFINITION,
    );
    parsed.set(query, operation);
    return operation;
  };

  return (data, query, representations) => {
    const operation = operationOf(query);
    if (!operation) return [];
    const faults: Path[] = [];
    if (!Array.isArray(representations)) {
      checkFields(data, operation.selectionSet, {
        type: schema.getRootType(operation.operation),
        path: [],
        faults,
        schema,
      });
      return faults;
    }
    const entities = data['_entities'];
    if (!Array.isArray(entities) || entities.length !== representations.length) return undefined;
    const [field] = operation.selectionSet.selections;
    if (field?.kind !== Kind.FIELD || !field.selectionSet) return faults;
    for (const [index, entity] of entities.entries()) {
      if (entity === null) continue;
      if (!isRecord(entity)) return undefined;
      const path = ['_entities', index];
      const asked: unknown = representations[index];
      const name = isRecord(asked) ? asked['__typename'] : undefined;
      const type = typeof name === 'string' ? schema.getType(name) : undefined;
      checkFields(entity, field.selectionSet, { type, path, faults, schema });
    }
    return faults;
  };
}

type Place = {
  readonly type: GraphQLNamedType | null | undefined;
  readonly path: Path;
  readonly faults: Path[];
  readonly schema: GraphQLSchema;
};

function checkFields(value: Record<string, unknown>, set: SelectionSetNode, place: Place): void {
  const { type, path, schema } = place;
  for (const selection of set.selections) {
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const condition = selection.typeCondition;
      const narrowed = condition ? schema.getType(condition.name.value) : type;
      if (applies(value, narrowed, place)) {
        checkFields(value, selection.selectionSet, { ...place, type: narrowed });
      }
    }
    if (selection.kind !== Kind.FIELD || !selection.selectionSet) continue;
    const fields = isObjectType(type) || isInterfaceType(type) ? type.getFields() : {};
    const definition = fields[selection.name.value];
    const name = selection.alias?.value ?? selection.name.value;
    if (!definition || value[name] === undefined) continue;
    value[name] = checked(value[name], definition.type, selection.selectionSet, {
      ...place,
      path: [...path, name],
    });
  }
}

function checked(
  value: unknown,
  type: GraphQLOutputType,
  set: SelectionSetNode,
  place: Place,
): unknown {
  if (value === null) return null;
  const nullable = getNullableType(type);
  if (isListType(nullable) && Array.isArray(value)) {
    return value.map((item, index) =>
      checked(item, nullable.ofType, set, { ...place, path: [...place.path, index] }),
    );
  }
  if (isCompositeType(nullable) && isRecord(value)) {
    checkFields(value, set, { ...place, type: getNamedType(type) });
    return value;
  }
  place.faults.push(place.path);
  return null;
}

/** Fields of a fragment for another type may share a name, not a form, with this object's. */
function applies(
  value: Record<string, unknown>,
  type: GraphQLNamedType | null | undefined,
  { schema, type: expected }: Place,
): boolean {
  const name = value['__typename'];
  const own = typeof name === 'string' ? schema.getType(name) : expected;
  if (!own || !type || own === type) return true;
  if (!isObjectType(own)) return true;
  return isAbstractType(type) && schema.isSubType(type, own);
}
