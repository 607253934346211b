/** Builds plans on the thread it is called on: see `planner.ts` for why that is never the one that serves. */
import {
  operationFromDocument,
  ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
  Supergraph,
} from '@apollo/federation-internals';
import { QueryPlanner, type QueryPlan } from '@apollo/query-planner';
import { parse, type DocumentNode } from 'graphql';
import { directiveDefaults, withDirectiveDefaults } from './directive-defaults.ts';
import { EntityKeys } from './entity-keys.ts';
import { finishedPlan } from './finished-plan.ts';
import { ownSchemas, type OwnSchemas } from './foreign-fragments.ts';
import { planningSchema } from './planning-schema.ts';
import { withoutReservedVariables } from './reserved-variables.ts';

export type BuildPlan = (operation: string, name: string | undefined) => QueryPlan;

/**
 * Makes the function that plans a valid operation, given as text.
 * @param sdl the composed supergraph
 * @param exact plan for the schema and the operation as they are: for executors that know nothing of our changes
 */
export function createPlanBuilding(sdl: string, exact: boolean): BuildPlan {
  const schema = exact ? undefined : planningSchema(sdl);
  const keys = new EntityKeys(sdl);
  const defaults = directiveDefaults(sdl);
  const own = subgraphsAsTheyAre(sdl, schema?.widened ?? new Set());
  const supergraph = Supergraph.build(schema?.sdl ?? sdl, {
    supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
    // What is changed for planning is no schema that composition would make.
    validateSupergraph: schema === undefined,
  });
  const planner = new QueryPlanner(supergraph, { reuseQueryFragments: exact });
  const api = supergraph.apiSchema();
  const adapted = (document: DocumentNode): DocumentNode =>
    withDirectiveDefaults(withoutReservedVariables(document), defaults);
  return (text, operationName) => {
    const document = parse(text);
    const plan = planner.buildQueryPlan(
      operationFromDocument(api, schema ? adapted(document) : document, {
        validate: false,
        ...(operationName === undefined ? {} : { operationName }),
      }),
    );
    return schema ? finishedPlan(plan, { schema, keys, own }) : plan;
  };
}

function subgraphsAsTheyAre(sdl: string, widened: ReadonlySet<string>): OwnSchemas {
  if (widened.size === 0) return new Map();
  const supergraph = Supergraph.build(sdl, {
    supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
  });
  return ownSchemas(supergraph.subgraphs(), widened);
}
