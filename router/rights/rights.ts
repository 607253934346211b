/**
 * Who may see what, by the directives in the supergraph, decided anew for each operation and each caller. Before
 * planning, an operation loses the fields that its caller may not see, so nobody is asked for them; its answer then has
 * null in their places, with an error, or the request is refused as a whole, as configured. What is worked out for an
 * operation is kept with it, once for each set of demands that a caller does not meet: callers who may see the same share
 * a plan, others never do.
 *
 * Whose an object is, only its subgraph knows; that is checked there.
 */
import type { Schema } from '@apollo/federation-internals';
import { fault } from '@ordergraph/platform/errors.ts';
import type { Identity } from '@ordergraph/platform/identity.ts';
import { GraphQLError, type FieldNode, type GraphQLSchema } from 'graphql';
import { BoundedCache } from '../bounded-cache.ts';
import { RequestRefused } from '../errors.ts';
import { fragmentsOf } from '../fragments.ts';
import type { ValidOperation } from '../operations.ts';
import type { Variables } from '../request.ts';
import type { OperationResult } from '../result.ts';
import { clauseKey, isSatisfied, type Clause, type Policies } from './clauses.ts';
import { withDeniedFields, type Path } from './denied-fields.ts';
import { deniedPlaces } from './denied-places.ts';
import { fieldClauses, type FieldClauses } from './field-clauses.ts';
import { permittedDocument, unusedName } from './permitted-document.ts';
import { schemaRights } from './schema-rights.ts';

export type RightsOptions = {
  /** With the directives. */
  readonly supergraph: Schema;
  /** What clients see. */
  readonly apiSchema: GraphQLSchema;
  readonly policies: Policies;
  /** What becomes of a request for a field that its caller may not see. */
  readonly unauthorizedFields: 'null' | 'refuse';
};

export type Permitted = {
  /** What may be planned and run for this caller. */
  readonly operation: ValidOperation;
  /** Gives its result the shape that the client asked for; undefined if it has that already. */
  readonly complete: ((result: OperationResult) => OperationResult) | undefined;
};

export type Rights = {
  /**
   * What of an operation a caller may have.
   * @param variables coerced
   * @throws RequestRefused with UNAUTHENTICATED or FORBIDDEN for each place that is not theirs to see, if configured so or
   *   if nothing of a subscription is left
   */
  permit(operation: ValidOperation, variables: Variables, identity: Identity): Permitted;
  /** Policies that the supergraph names and the table does not: they are for nobody. */
  readonly unknownPolicies: readonly string[];
};

/** Combinations of demands not met that are kept, for one operation. */
const variantsMax = 32;

type Demands = {
  readonly clauses: readonly Clause[];
  readonly fields: FieldClauses;
  /** Of the document that is planned for a subscription. */
  readonly streamFields: FieldClauses;
  readonly variants: BoundedCache<Variant>;
};

type Variant = {
  readonly operation: ValidOperation;
  readonly denied: ReadonlySet<FieldNode>;
  readonly affected: ReadonlySet<FieldNode>;
  readonly typeName: string;
};

export function createRights(options: RightsOptions): Rights {
  const { apiSchema: schema, policies, unauthorizedFields } = options;
  const rights = schemaRights(options.supergraph);
  const kept = new WeakMap<ValidOperation, Demands>();

  const demandsOf = (operation: ValidOperation): Demands => {
    const known = kept.get(operation);
    if (known) return known;
    const demands = demandsIn(operation, (document, node) =>
      fieldClauses(document, node, { schema, rights }),
    );
    kept.set(operation, demands);
    return demands;
  };

  return {
    permit(operation, variables, identity) {
      if (!rights.any) return { operation, complete: undefined };
      const demands = demandsOf(operation);
      const unmet = demands.clauses.filter((clause) => !isSatisfied(clause, identity, policies));
      if (unmet.length === 0) return { operation, complete: undefined };
      const variant = variantOf(operation, demands, { unmet, schema });
      const places = deniedPlaces(operation.node.selectionSet, {
        denied: variant.denied,
        fragments: fragmentsOf(operation.document),
        variables,
      });
      const begins = operation.type !== 'subscription' || places.every(({ length }) => length > 1);
      if (places.length > 0 && (unauthorizedFields === 'refuse' || !begins)) {
        throw new RequestRefused(places.map((path) => denial(identity, path)));
      }
      return {
        operation: variant.operation,
        complete: (result) =>
          completed(result, { operation, variables, variant, identity, schema }),
      };
    },
    unknownPolicies: [...rights.policies].filter((name) => !Object.hasOwn(policies, name)),
  };
}

function demandsIn(
  { document, node, stream }: ValidOperation,
  read: (document: ValidOperation['document'], node: ValidOperation['node']) => FieldClauses,
): Demands {
  const fields = read(document, node);
  const streamFields = stream ? read(stream.document, stream.operation) : fields;
  const all = [...fields.values(), ...streamFields.values()].flat();
  return {
    clauses: [...new Map(all.map((clause) => [clauseKey(clause), clause])).values()],
    fields,
    streamFields,
    variants: new BoundedCache(variantsMax, Infinity),
  };
}

function variantOf(
  operation: ValidOperation,
  demands: Demands,
  { unmet, schema }: { readonly unmet: readonly Clause[]; readonly schema: GraphQLSchema },
): Variant {
  const keys = unmet.map(clauseKey);
  const key = keys.join('\n');
  const known = demands.variants.get(key);
  if (known) return known;
  const { document, node, stream } = operation;
  const typeName = unusedName(document, 'routerType');
  const denied = deniedIn(demands.fields, new Set(keys));
  const permitted = permittedDocument(document, node, { schema, denied, typeName });
  const streamed =
    stream &&
    permittedDocument(stream.document, stream.operation, {
      schema,
      denied: deniedIn(demands.streamFields, new Set(keys)),
      typeName,
    });
  const variant: Variant = {
    operation: {
      ...operation,
      document: permitted.document,
      node: permitted.operation,
      stream: streamed && {
        ...stream,
        document: streamed.document,
        operation: streamed.operation,
      },
    },
    denied,
    affected: permitted.affected,
    typeName,
  };
  demands.variants.set(key, variant);
  return variant;
}

function deniedIn(fields: FieldClauses, unmet: ReadonlySet<string>): ReadonlySet<FieldNode> {
  const denied = new Set<FieldNode>();
  for (const [field, clauses] of fields) {
    if (clauses.some((clause) => unmet.has(clauseKey(clause)))) denied.add(field);
  }
  return denied;
}

type Completion = {
  readonly operation: ValidOperation;
  readonly variables: Variables;
  readonly variant: Variant;
  readonly identity: Identity;
  readonly schema: GraphQLSchema;
};

function completed(result: OperationResult, completion: Completion): OperationResult {
  const { operation, variables, variant, identity, schema } = completion;
  const type = schema.getRootType(operation.node.operation);
  if (result.data === undefined || !type) return result;
  const { data, errors } = withDeniedFields(
    result.data,
    { type, set: operation.node.selectionSet },
    {
      ...variant,
      source: { schema, fragments: fragmentsOf(operation.document), variables },
      error: (path) => denial(identity, path).toJSON(),
    },
  );
  return { ...result, data, errors: [...result.errors, ...errors] };
}

/** Says neither which right is missing nor how to get it. */
function denial(identity: Identity, path: Path): GraphQLError {
  const { message, extensions } =
    identity.subject === null
      ? fault('UNAUTHENTICATED', 'Sign in to see this.')
      : fault('FORBIDDEN', 'This is not for you to see.');
  return new GraphQLError(message, { path, extensions });
}
