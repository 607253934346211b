/**
 * Which types a client of published operations was built against. A document stays valid when a field it reads turns
 * from `Money!` into `Money`, or when the input it sends in a variable needs one field more, yet the client breaks.
 */
import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isRequiredInputField,
  Kind,
  parseType,
  typeFromAST,
  visit,
  type DocumentNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  type TypeNode,
} from 'graphql';
import type { UsedFields } from './operation-fields.ts';

const enumValue = 'value';

/** The input fields and enum values that a document's variables may carry, with their types. */
export function inputFields(schema: GraphQLSchema, document: DocumentNode): UsedFields {
  const found: Record<string, string> = {};
  const seen = new Set<GraphQLNamedType>();
  const collect = (type: GraphQLNamedType): void => {
    if (seen.has(type)) return;
    seen.add(type);
    if (isEnumType(type)) {
      for (const { name } of type.getValues()) found[`${type.name}.${name}`] = enumValue;
    }
    if (!isInputObjectType(type)) return;
    for (const field of Object.values(type.getFields())) {
      found[`${type.name}.${field.name}`] = String(field.type);
      collect(getNamedType(field.type));
    }
  };
  visit(document, {
    VariableDefinition({ type }) {
      const named = getNamedType(typeFromAST(schema, type));
      if (named) collect(named);
    },
  });
  return found;
}

export type BrokenType = { readonly field: string; readonly was: string; readonly is: string };

/** The fields whose type is no longer what a client may rely on, with what it was and is. */
export function brokenTypes(recorded: UsedFields, schema: GraphQLSchema): readonly BrokenType[] {
  const changed = Object.entries(recorded).flatMap(([field, was]) => {
    const is = typeOf(field, schema);
    // Arguments are the validation's to find, and so are output fields that are gone.
    if (is === undefined || is === was) return [];
    const [given, wanted] = isInput(field, schema) ? [was, is] : [is, was];
    const kept = is !== gone && keeps(parseType(given), parseType(wanted));
    return kept ? [] : [{ field, was, is }];
  });
  return [...changed, ...newlyRequired(recorded, schema)];
}

const gone = 'gone';

/** Fields without which the inputs that a client has always sent are no longer taken. */
function newlyRequired(recorded: UsedFields, schema: GraphQLSchema): readonly BrokenType[] {
  const names = new Set(Object.keys(recorded).map((coordinate) => parts(coordinate)[0]));
  return [...names].flatMap((name) => {
    const type = schema.getType(name);
    if (!isInputObjectType(type)) return [];
    return Object.values(type.getFields())
      .filter((field) => isRequiredInputField(field) && !(`${name}.${field.name}` in recorded))
      .map((field) => ({
        field: `${name}.${field.name}`,
        was: 'absent',
        is: String(field.type),
      }));
  });
}

/** The present type of what was recorded; undefined where validation looks, `gone` where it does not. */
function typeOf(coordinate: string, schema: GraphQLSchema): string | undefined {
  const [name, member] = parts(coordinate);
  const type = schema.getType(name);
  if (isEnumType(type)) return type.getValue(member) ? enumValue : gone;
  if (isInputObjectType(type)) return String(type.getFields()[member]?.type ?? gone);
  if (!isObjectType(type) && !isInterfaceType(type)) return undefined;
  const field = type.getFields()[member];
  return field && String(field.type);
}

function isInput(coordinate: string, schema: GraphQLSchema): boolean {
  return isInputObjectType(schema.getType(parts(coordinate)[0]));
}

function parts(coordinate: string): [name: string, member: string] {
  const [name = '', member = ''] = coordinate.split('.', 2);
  return [name, member];
}

/** Whether whoever takes values of type `wanted` can take all of type `given`: what is given may promise more, never less. */
function keeps(given: TypeNode, wanted: TypeNode): boolean {
  if (wanted.kind === Kind.NON_NULL_TYPE) {
    return given.kind === Kind.NON_NULL_TYPE && keeps(given.type, wanted.type);
  }
  if (given.kind === Kind.NON_NULL_TYPE) return keeps(given.type, wanted);
  if (wanted.kind === Kind.LIST_TYPE) {
    return given.kind === Kind.LIST_TYPE && keeps(given.type, wanted.type);
  }
  return given.kind === Kind.NAMED_TYPE && given.name.value === wanted.name.value;
}
