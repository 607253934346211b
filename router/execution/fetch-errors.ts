/**
 * Errors of fetches, with the paths of the response. A subgraph speaks of `_entities` and an index; that is every object
 * that the representation of this index stands for. An error without a place that took all data with it, and a
 * subgraph that gave no answer, are errors at each field that the fetch would have filled.
 */
import type { GraphQLFormattedError } from 'graphql';
import { publicSubgraphError, subgraphFailure, type SubgraphFailure } from '../errors.ts';
import type { Variables } from '../request.ts';
import type { SubgraphAnswer } from '../subgraph-requests.ts';
import { answerName, type PartUse, type RequestPart } from './entity-request.ts';
import { locatedAt, type ResponsePath } from './entity-targets.ts';
import type { JsonObject } from './json.ts';
import type { PreparedFetch } from './prepared-plan.ts';
import { selectedNames } from './selected-fields.ts';

/** So that a dead subgraph behind a long list does not make an answer of nothing but errors. */
const failedPathsMax = 100;
/** So that one error at a much used entity does not either. */
const errorsMax = 1_000;

export type ServiceError = { readonly service: string; readonly error: GraphQLFormattedError };

/** An error but for its path. */
type ErrorAt = (path: ResponsePath) => GraphQLFormattedError;

export class FetchErrors {
  readonly #found: ServiceError[] = [];
  readonly #data: JsonObject;
  readonly #variables: Variables;

  /** @param data of the operation, where the paths of objects are looked up */
  constructor(data: JsonObject, variables: Variables) {
    this.#data = data;
    this.#variables = variables;
  }

  get all(): readonly ServiceError[] {
    return this.#found;
  }

  /** A fetch of a root type that got no answer. */
  failed(fetch: PreparedFetch, code: SubgraphFailure): void {
    this.#everywhere(fetch, (path) => subgraphFailure(code, fetch.service, path));
  }

  ofRoot(fetch: PreparedFetch, answer: Extract<SubgraphAnswer, { kind: 'answer' }>): void {
    if (answer.errors.length === 0) return;
    const begins = locatedAt(this.#data, fetch.path).map(({ path }) => path);
    for (const error of answer.errors) {
      const { path } = error;
      if (path) {
        for (const begin of begins) this.#add(fetch.service, at(error, [...begin, ...path]));
      } else if (answer.data === null) this.#everywhere(fetch, (place) => at(error, place));
      else this.#add(fetch.service, publicSubgraphError(error));
    }
  }

  /** A part of a request for entities that got no answer that can be used. */
  failedPart(part: RequestPart, code: SubgraphFailure): void {
    this.#wholePart(part, (path) => subgraphFailure(code, part.fetch.service, path));
  }

  /** @param noData whether nothing came but these errors */
  ofParts(
    parts: readonly RequestPart[],
    errors: readonly GraphQLFormattedError[],
    noData: boolean,
  ): void {
    for (const error of errors) {
      const [name, index, ...rest] = error.path ?? [];
      const part = parts.find((_, i) => answerName(i, parts.length) === name);
      if (part && typeof index === 'number') {
        for (const use of part.uses.values()) {
          for (const path of this.#pathsIn(use, index)) {
            this.#add(part.fetch.service, at(error, [...path, ...rest]));
          }
        }
      } else if (noData) {
        for (const one of part ? [part] : parts) this.#wholePart(one, (place) => at(error, place));
      } else if (parts[0]) {
        const { path: _path, ...placeless } = error;
        this.#add(parts[0].fetch.service, publicSubgraphError(placeless));
      }
    }
  }

  /** At each field of each object that a fetch of a root type fills. */
  #everywhere(fetch: PreparedFetch, error: ErrorAt): void {
    const names = selectedNames(fetch.operation.selectionSet, this.#fetchVariables(fetch));
    const places = locatedAt(this.#data, fetch.path).flatMap(({ path }) =>
      names.map((name) => [...path, name]),
    );
    for (const path of places.slice(0, failedPathsMax)) this.#add(fetch.service, error(path));
  }

  #wholePart(part: RequestPart, error: ErrorAt): void {
    for (const use of part.uses.values()) {
      const { fetch } = use;
      const set = fetch.operation.entities?.selectionSet ?? fetch.operation.selectionSet;
      const variables = this.#fetchVariables(fetch);
      const wanted = new Set(use.targets.flat());
      const places = locatedAt(this.#data, fetch.path)
        .filter(({ target }) => wanted.has(target))
        .flatMap(({ target, path }) =>
          selectedNames(set, variables, target['__typename']).map((name) => [...path, name]),
        );
      for (const path of places.slice(0, failedPathsMax)) this.#add(fetch.service, error(path));
    }
  }

  /** Where the objects are that the representation of an index stands for. */
  #pathsIn({ fetch, targets }: PartUse, index: number): readonly ResponsePath[] {
    const wanted = new Set(targets[index]);
    return locatedAt(this.#data, fetch.path)
      .filter(({ target }) => wanted.has(target))
      .map(({ path }) => path);
  }

  #fetchVariables({ variables }: PreparedFetch): Variables {
    return Object.fromEntries(
      variables.map(({ key, name }) => [key.slice(1, -2), this.#variables[name]]),
    );
  }

  #add(service: string, error: GraphQLFormattedError): void {
    if (this.#found.length < errorsMax) this.#found.push({ service, error });
  }
}

function at(error: GraphQLFormattedError, path: ResponsePath): GraphQLFormattedError {
  return publicSubgraphError({ ...error, path });
}
