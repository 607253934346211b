/**
 * Streams that can be continued. By convention a subscription's events carry a `cursor`, and its field takes the cursor
 * as `after`. The router asks for the cursor of every event, whether the client did or not, and can put another
 * `after` in place of the client's. Both happen to the document that is planned; the answer is shaped by the client's own.
 */
import {
  isObjectType,
  isNonNullType,
  Kind,
  parseType,
  type DocumentNode,
  type FieldNode,
  type GraphQLField,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';

/** The response name of the cursor that the router asks for. */
export const cursorAlias = 'routerCursor';
/** The variable that takes the place of a client's `after`. */
export const afterVariable = 'routerAfter';

export type ResumableDocument = {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** The response name of the subscription's field. */
  readonly field: string;
  readonly hasCursor: boolean;
  readonly hasAfter: boolean;
};

/**
 * Rewrites a valid subscription so that its events carry a cursor, and so that `after` comes from `afterVariable` if
 * `resume` is set. A subscription without these conventions, or whose field comes from a fragment, stays as it is.
 */
export function resumable(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  options: { readonly schema: GraphQLSchema; readonly resume: boolean },
): ResumableDocument {
  const [field] = operation.selectionSet.selections;
  const definition =
    field?.kind === Kind.FIELD
      ? options.schema.getSubscriptionType()?.getFields()[field.name.value]
      : undefined;
  if (field?.kind !== Kind.FIELD || definition === undefined) {
    return { document, operation, field: '', hasCursor: false, hasAfter: false };
  }
  const hasCursor = carriesCursor(definition);
  const after = definition.args.find(({ name }) => name === 'after');
  const resume = options.resume && after !== undefined;
  const rewritten: OperationDefinitionNode = {
    ...operation,
    variableDefinitions: [
      ...(operation.variableDefinitions ?? []),
      ...(resume ? [afterDefinition(String(after.type))] : []),
    ],
    selectionSet: {
      kind: Kind.SELECTION_SET,
      selections: [withCursor(resume ? withAfter(field) : field, hasCursor)],
    },
  };
  return {
    document: {
      ...document,
      definitions: document.definitions.map((node) => (node === operation ? rewritten : node)),
    },
    operation: rewritten,
    field: field.alias?.value ?? field.name.value,
    hasCursor,
    hasAfter: after !== undefined,
  };
}

function carriesCursor({ type }: GraphQLField<unknown, unknown>): boolean {
  const named = isNonNullType(type) ? type.ofType : type;
  return isObjectType(named) && named.getFields()['cursor'] !== undefined;
}

function withCursor(field: FieldNode, hasCursor: boolean): FieldNode {
  if (!hasCursor || !field.selectionSet) return field;
  const cursor: FieldNode = {
    kind: Kind.FIELD,
    alias: { kind: Kind.NAME, value: cursorAlias },
    name: { kind: Kind.NAME, value: 'cursor' },
  };
  const selections = [...field.selectionSet.selections, cursor];
  return { ...field, selectionSet: { ...field.selectionSet, selections } };
}

function withAfter(field: FieldNode): FieldNode {
  const others = (field.arguments ?? []).filter(({ name }) => name.value !== 'after');
  return {
    ...field,
    arguments: [
      ...others,
      {
        kind: Kind.ARGUMENT,
        name: { kind: Kind.NAME, value: 'after' },
        value: { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: afterVariable } },
      },
    ],
  };
}

function afterDefinition(type: string) {
  return {
    kind: Kind.VARIABLE_DEFINITION,
    variable: { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: afterVariable } },
    type: parseType(type),
  } as const;
}
