/**
 * Bounds on a document, checked before validation and planning, whose cost they bound. What is counted is counted as if
 * every fragment were written out, each fragment only once: a few hundred bytes of fragments that spread one another
 * twice stand for millions of selections, and must be refused without visiting them.
 */
import { fault } from '@ordergraph/platform/errors.ts';
import { Kind, parse, type DocumentNode, type GraphQLError } from 'graphql';
import { z } from 'zod';
import { DocumentMeasure, nesting, type Size } from './document-measure.ts';
import { comparisonsWithin } from './merge-comparisons.ts';

const bound = (usual: number) => z.int().min(1).default(usual);

/** Every bound with its usual value; `OPERATION_LIMITS` may name others. */
export const limitsSchema = z.strictObject({
  /** Length of the document's text. */
  charactersMax: bound(100_000),
  tokensMax: bound(5_000),
  /** Fields inside one another; list and object values, in the document and in variables, likewise. */
  depthMax: bound(20),
  /** Fields and fragments. */
  selectionsMax: bound(10_000),
  aliasesMax: bound(1_000),
  directivesMax: bound(200),
  rootFieldsMax: bound(500),
  /** Pairs of fields of one name, and three times of fragments, that validation compares; each selection counts too. */
  comparisonsMax: bound(25_000),
});

export type Limits = z.infer<typeof limitsSchema>;

export const defaultLimits: Limits = limitsSchema.parse({});

/**
 * Parses a document within limits.
 * @throws GRAPHQL_PARSE_FAILED, or QUERY_TOO_COMPLEX without saying which limit was passed
 */
export function parseWithin(text: string, limits: Limits): DocumentNode {
  if (text.length > limits.charactersMax) throw tooComplex();
  const document = parsed(text, limits);
  const measure = new DocumentMeasure(document, limits.depthMax);
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      refuseAbove(measure.fragment(definition), limits);
    }
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const size = measure.operation(definition);
    refuseAbove(size, limits);
    if (size.fields > limits.rootFieldsMax) throw tooComplex();
  }
  // Only now is the document known to be small enough to be written out.
  if (!comparisonsWithin(document, limits)) throw tooComplex();
  return document;
}

/** Refuses values of variables that are nested too deep. @throws QUERY_TOO_COMPLEX */
export function refuseDeepValues(values: unknown, { depthMax }: Limits): void {
  if (nesting(values, depthMax + 1) > depthMax) throw tooComplex();
}

function parsed(text: string, { tokensMax }: Limits): DocumentNode {
  try {
    return parse(text, { maxTokens: tokensMax });
  } catch (error) {
    // A document nested thousands of levels deep exhausts the parser's stack before it reaches the token limit.
    if (error instanceof RangeError) throw tooComplex();
    const message = error instanceof Error ? error.message : 'Syntax Error';
    if (message.includes('Parsing aborted')) throw tooComplex();
    throw fault('GRAPHQL_PARSE_FAILED', message.replace(/,? did you mean .*$/is, '.'));
  }
}

function refuseAbove(size: Size, limits: Limits): void {
  const within =
    size.depth <= limits.depthMax &&
    size.selections <= limits.selectionsMax &&
    size.aliases <= limits.aliasesMax &&
    size.directives <= limits.directivesMax;
  if (!within) throw tooComplex();
}

export function tooComplex(): GraphQLError {
  return fault('QUERY_TOO_COMPLEX', 'The operation is too complex.');
}
