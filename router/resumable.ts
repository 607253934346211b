/**
 * Streams that can be continued. By convention a subscription's events carry a `cursor`, and its field takes the cursor
 * as `after`: a text that names a place in the events, behind which they are the same for everybody who asks for the same.
 * The router asks for the cursor of every event, whether the client did or not, and says itself where to begin: `after`
 * becomes a variable of its own. Both happen to the document that is planned; the answer is shaped by the client's.
 */
import {
  isInterfaceType,
  isObjectType,
  isNonNullType,
  Kind,
  parseType,
  valueFromAST,
  visit,
  type DocumentNode,
  type FieldNode,
  type GraphQLField,
  type GraphQLSchema,
  type GraphQLType,
  type OperationDefinitionNode,
  type VariableNode,
} from 'graphql';
import { isRecord, type Variables } from './request.ts';

/** The response name of the cursor that the router asks for. */
export const cursorAlias = 'routerCursor';
/** The variable that takes the place of a client's `after`. */
export const afterVariable = 'routerAfter';

export type ResumableDocument = {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** Where an event's cursor is found, if the stream can be continued: under this response name. */
  readonly field: string | undefined;
  /** A variable of the client's that is used for `after` alone. */
  readonly ownVariable: string | undefined;
  /**
   * Where to begin: what came besides the operation, or the operation's own `after`. Undefined if neither says.
   * @param variables the client's, coerced
   */
  after(variables: Variables, besides?: string): unknown;
};

/**
 * Rewrites a valid subscription so that its events carry a cursor, and so that `after` comes from `afterVariable`. A
 * subscription without these conventions, whose field comes from a fragment, or that uses our names, stays as it is.
 */
export function resumable(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  schema: GraphQLSchema,
): ResumableDocument {
  const [field] = operation.selectionSet.selections;
  const definition =
    field?.kind === Kind.FIELD
      ? schema.getSubscriptionType()?.getFields()[field.name.value]
      : undefined;
  const after = definition?.args.find(({ name }) => name === 'after');
  if (
    field?.kind !== Kind.FIELD ||
    !definition ||
    !carriesCursor(definition) ||
    !after ||
    !isText(after.type) ||
    usesOurNames(document)
  ) {
    return {
      document,
      operation,
      field: undefined,
      ownVariable: undefined,
      after: () => undefined,
    };
  }
  const rewritten: OperationDefinitionNode = {
    ...operation,
    variableDefinitions: [
      ...(operation.variableDefinitions ?? []),
      afterDefinition(String(after.type)),
    ],
    selectionSet: {
      kind: Kind.SELECTION_SET,
      selections: [withCursor(withAfter(field))],
    },
  };
  const given = field.arguments?.find(({ name }) => name.value === 'after')?.value;
  return {
    document: {
      ...document,
      definitions: document.definitions.map((node) => (node === operation ? rewritten : node)),
    },
    operation: rewritten,
    field: field.alias?.value ?? field.name.value,
    ownVariable:
      given?.kind === Kind.VARIABLE && isUsedOnce(given.name.value, operation, document)
        ? given.name.value
        : undefined,
    after: (variables, besides) =>
      besides || (given && valueFromAST(given, after.type, { ...variables })),
  };
}

/** The cursor of an event. */
export function cursorIn(
  payload: unknown,
  stream: ResumableDocument | undefined,
): string | undefined {
  if (stream?.field === undefined || !isRecord(payload) || !isRecord(payload['data'])) {
    return undefined;
  }
  const event = payload['data'][stream.field];
  const cursor = isRecord(event) ? event[cursorAlias] : undefined;
  return typeof cursor === 'string' ? cursor : undefined;
}

function carriesCursor({ type }: GraphQLField<unknown, unknown>): boolean {
  const named = isNonNullType(type) ? type.ofType : type;
  const cursor =
    isObjectType(named) || isInterfaceType(named) ? named.getFields()['cursor'] : undefined;
  return cursor !== undefined && cursor.args.length === 0 && isText(cursor.type);
}

function isText(type: GraphQLType): boolean {
  const named = isNonNullType(type) ? type.ofType : type;
  return ['String', 'ID'].includes(String(named));
}

function usesOurNames(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Name({ value }) {
      found ||= value === cursorAlias || value === afterVariable;
    },
  });
  return found;
}

/** Whether a variable is used in one place only, its definition not counted. */
function isUsedOnce(
  name: string,
  operation: OperationDefinitionNode,
  { definitions }: DocumentNode,
): boolean {
  let count = 0;
  const Variable = (node: VariableNode): void => {
    if (node.name.value === name) count += 1;
  };
  visit(operation.selectionSet, { Variable });
  for (const node of operation.directives ?? []) visit(node, { Variable });
  for (const node of definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) visit(node, { Variable });
  }
  return count === 1;
}

function withCursor(field: FieldNode): FieldNode {
  if (!field.selectionSet) return field;
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
