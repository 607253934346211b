/** Whether the operations of a manifest can be run on a schema, and what in it stands against that. */
import {
  getOperationAST,
  Kind,
  NoSchemaIntrospectionCustomRule,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
} from 'graphql';
import {
  idFault,
  manifestBounds,
  type Manifest,
  type ManifestFault,
  type ManifestOperation,
} from './manifest-file.ts';
import { coordinates, usedFields, type UsedFields } from './operation-fields.ts';
import { inputFields } from './recorded-types.ts';

export type CheckedOperation = {
  readonly id: string;
  readonly name: string;
  readonly type: 'query' | 'mutation' | 'subscription';
  readonly text: string;
  readonly fields: UsedFields;
  /** What its variables may carry. */
  readonly inputs: UsedFields;
};

export type CheckRules = {
  readonly schema: GraphQLSchema;
  /** Reads a text, within whatever limits there are. @throws Error telling what is wrong with it */
  readonly parse: (text: string) => DocumentNode;
};

export type CheckedManifest = {
  /** Those without a fault. */
  readonly operations: readonly CheckedOperation[];
  readonly faults: readonly ManifestFault[];
};

/** Checks every operation of a manifest; a fault of one does not hide those of others. */
export function checkManifest(manifest: Manifest, rules: CheckRules): CheckedManifest {
  const operations: CheckedOperation[] = [];
  const faults: ManifestFault[] = [];
  const ids = new Set<string>();
  for (const operation of manifest.operations) {
    const reason = ids.has(operation.id) ? 'the id is given twice' : idFault(operation);
    if (reason) faults.push({ operation: operation.name ?? operation.id, reason });
    ids.add(operation.id);
    const checked = checkOperation(operation, rules);
    if ('faults' in checked) faults.push(...checked.faults);
    else if (!reason) operations.push(checked);
  }
  return { operations, faults };
}

const checks = [...specifiedRules, NoSchemaIntrospectionCustomRule];
const faultsMax = 10;

export function checkOperation(
  operation: ManifestOperation,
  { schema, parse }: CheckRules,
): CheckedOperation | { readonly faults: readonly ManifestFault[] } {
  const refused = (reason: string, name = operation.name ?? operation.id) => ({
    faults: [{ operation: name, reason }],
  });
  const { textMax } = manifestBounds;
  if (operation.text.length > textMax) return refused(`the text has over ${textMax} characters`);
  let document: DocumentNode;
  try {
    document = parse(operation.text);
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error));
  }
  const node = getOperationAST(document);
  const name = node?.name?.value;
  if (!node) return refused('the text must have exactly one operation');
  if (!name) return refused('the operation must have a name');
  const type: CheckedOperation['type'] = node.operation;
  if (operation.name !== undefined && operation.name !== name) {
    return refused(`the operation in the text is called ${name}`);
  }
  if (operation.type !== undefined && operation.type !== type) {
    return refused(`the operation in the text is a ${type}`, name);
  }
  const errors = validate(schema, document, checks, {
    maxErrors: faultsMax,
    hideSuggestions: true,
  });
  if (errors.length > 0) return { faults: errors.map(faultOf(name, schema, document)) };
  return {
    id: operation.id,
    name,
    type,
    text: operation.text,
    fields: usedFields(schema, document),
    inputs: inputFields(schema, document),
  };
}

function faultOf(operation: string, schema: GraphQLSchema, document: DocumentNode) {
  const known = coordinates(schema, document);
  return (error: GraphQLError): ManifestFault => {
    const fields = error.nodes?.flatMap((node) => known.get(node) ?? typeCondition(node)) ?? [];
    const [field] = fields;
    return { operation, ...(field ? { field } : {}), reason: error.message };
  };
}

/** A fragment on a type that is gone has no field to name, but the type. */
function typeCondition(node: NonNullable<GraphQLError['nodes']>[number]): string[] {
  return node.kind === Kind.NAMED_TYPE ? [node.name.value] : [];
}
