/**
 * Streams when another supergraph is served. Each is looked at as if its client had just asked for it:
 *
 * | what its operation is by the new supergraph                   | what becomes of the stream                           |
 * | ------------------------------------------------------------- | ---------------------------------------------------- |
 * | planned alike, at the same addresses                          | stays with its source, and with all that waits       |
 * | planned otherwise, and its events carry cursors               | goes on at another source, behind what was worked on |
 * | planned otherwise, without cursors                            | ends: nobody can say what it would miss              |
 * | not valid, or not for this caller any more, in whole or part  | ends, with what its client would be told             |
 *
 * What was given stays given, what is being worked on is finished by its old plan, and what waits comes again from the new
 * source. So a stream that goes on has no gap and no repeat.
 */
import { isDeepStrictEqual } from 'node:util';
import { fault } from '@ordergraph/platform/errors.ts';
import { print } from 'graphql';
import { coercedVariables } from '../coerced-variables.ts';
import type { Generation } from '../generation.ts';
import type { PlannedOperation, ValidOperation } from '../operations.ts';
import type { Variables } from '../request.ts';
import type { StreamRequest } from './live-stream.ts';

/** What a stream is planned by, and for what. */
export type StreamGround = {
  readonly generation: Generation;
  /** As its client wrote it, with what of it the caller may not have. */
  readonly asked: ValidOperation;
};

export type Move = {
  readonly ground: StreamGround;
  readonly operation: PlannedOperation;
  /** Coerced anew: a default may be another one. */
  readonly variables: Variables;
  /** Whether its source and what waits are those that the new plan would have. */
  readonly isAlike: boolean;
};

/** Ways from older generations to one. Thousands of streams have few operations between them: texts are made once. */
export class Moves {
  readonly #to: Generation;
  readonly #documentTexts = new WeakMap<ValidOperation['document'], string>();
  readonly #planTexts = new WeakMap<PlannedOperation['plan'], string>();

  constructor(to: Generation) {
    this.#to = to;
  }

  /** How a stream goes on. @throws what its client is to be told if it cannot */
  async of(request: StreamRequest, from: StreamGround): Promise<Move> {
    const to = this.#to;
    const { operation: old, context } = request;
    const query = this.#textOf(from.asked);
    const asked = to.operations.prepare({ query, operationName: from.asked.name });
    // Types of variables may have changed, and with them what their values mean.
    const variables = coercedVariables(asked.node, givenVariables(request), {
      schema: to.supergraph.apiSchema,
      suggestions: false,
    });
    const permitted = to.admission.permitted(asked, variables, context.caller);
    if (this.#textOf(permitted) !== this.#textOf(old)) throw changed();
    const operation = await to.operations.planned(permitted, variables, {
      ...context.trace,
      span: undefined,
    });
    const isAlike =
      isDeepStrictEqual(variables, givenVariables(request)) &&
      this.#planTextOf(old) === this.#planTextOf(operation) &&
      hasSameConnections(from.generation, to, operation);
    const isResumable =
      old.stream?.field !== undefined && operation.stream?.field === old.stream.field;
    if (!isAlike && !isResumable) throw changed();
    return { ground: { generation: to, asked }, operation, variables, isAlike };
  }

  #textOf({ document }: ValidOperation): string {
    return memo(this.#documentTexts, document, () => print(document));
  }

  #planTextOf({ plan }: PlannedOperation): string {
    return memo(this.#planTexts, plan, () => JSON.stringify(plan));
  }
}

function memo<K extends object>(known: WeakMap<K, string>, key: K, make: () => string): string {
  const text = known.get(key) ?? make();
  known.set(key, text);
  return text;
}

function changed() {
  return fault('SERVICE_UNAVAILABLE', 'The schema has changed: subscribe again.');
}

/** With the one that says where to begin, which a stream keeps apart. */
function givenVariables({ variables, after, operation }: StreamRequest): Variables {
  const own = operation.stream?.ownVariable;
  return own === undefined || after === undefined ? variables : { ...variables, [own]: after };
}

function hasSameConnections(from: Generation, to: Generation, { plan }: PlannedOperation): boolean {
  return servicesIn(plan.node).every(
    (name) => from.connections.get(name) === to.connections.get(name),
  );
}

/** The names of all subgraphs in a plan, however its nodes are nested. */
function servicesIn(node: unknown): readonly string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]: [string, unknown]) =>
    key === 'serviceName' && typeof value === 'string' ? [value] : servicesIn(value),
  );
}
