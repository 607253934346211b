/**
 * One run of a plan. What happens, in what order:
 *
 * 1. Steps start as soon as the steps before them in their sequence have ended; side by side otherwise.
 * 2. A fetch of a root type is sent at once. A fetch of entities reads its representations and waits for the end of the
 *    current turn: all that are ready by then and go to the same subgraph are one request.
 *    Entities that are kept are not asked for.
 * 3. An answer's data is merged into the data of the operation, its errors get the paths of the response. A subgraph that
 *    gave no answer, or none that can be used, is an error at each place that the fetch would have filled.
 * 4. If a request of several parts is answered by nothing but errors, one part may have spoilt it for the others: each is
 *    sent again by itself. These are reads, so that is safe.
 *
 * Nothing here rejects because of a subgraph.
 */
import type { EntityKeys } from '../planning/entity-keys.ts';
import type { RequestContext, Variables } from '../request.ts';
import type { CallKind } from '../resilience/calling.ts';
import type { SubgraphAnswer, SubgraphClient } from '../subgraph-requests.ts';
import { copied, mergeInto } from './answer-merging.ts';
import { contextValues } from './context-values.ts';
import { applyRewrites } from './data-rewrites.ts';
import type { EntityCache } from './entity-cache.ts';
import {
  answerName,
  entityRequest,
  partFor,
  type ContextTexts,
  type RequestPart,
} from './entity-request.ts';
import { locatedAt, targetsAt } from './entity-targets.ts';
import { FetchErrors, type ServiceError } from './fetch-errors.ts';
import { isJsonObject, own, type JsonObject } from './json.ts';
import type { PreparedFetch, Step } from './prepared-plan.ts';
import { representationOf } from './representations.ts';
import type { TypeConditions } from './type-conditions.ts';

export type PlanRunParts = {
  readonly clients: ReadonlyMap<string, SubgraphClient>;
  readonly types: TypeConditions;
  readonly keys: EntityKeys;
  readonly variables: Variables;
  readonly context: RequestContext;
  /** Begins of requests of several parts, kept for the plan. */
  readonly begins: Map<string, string>;
  /** Undefined where nothing is kept. */
  readonly entities: EntityCache | undefined;
};

/** What is ready to go to one subgraph at the end of the turn. */
type Outgoing = { readonly parts: Map<string, RequestPart>; readonly done: Promise<void> };

const noContext: ContextTexts = new Map();

export class PlanRun {
  readonly data: JsonObject = {};
  readonly #parts: PlanRunParts;
  readonly #errors: FetchErrors;
  readonly #outgoing = new Map<string, Outgoing>();
  readonly #valueTexts = new Map<string, string | undefined>();
  #publicForMs = Infinity;

  constructor(parts: PlanRunParts) {
    this.#parts = parts;
    this.#errors = new FetchErrors(this.data, parts.variables);
  }

  get errors(): readonly ServiceError[] {
    return this.#errors.all;
  }

  /**
   * For how long everybody may be given what was fetched: the shortest time of all. Undefined if any of it is not for
   * everybody, or if nothing was fetched.
   */
  get publicForMs(): number | undefined {
    return this.#publicForMs > 0 && this.#publicForMs < Infinity ? this.#publicForMs : undefined;
  }

  /** Runs a step to its end; undefined if there is nothing to wait for. */
  run(step: Step): Promise<void> | undefined {
    switch (step.kind) {
      case 'fetch':
        return step.fetch.entities ? this.#fetchEntities(step.fetch) : this.#fetchRoot(step.fetch);
      case 'sequence':
        return this.#sequence(step.steps);
      case 'parallel': {
        // Fetches of one request share its promise.
        const running = [...new Set(step.steps.flatMap((one) => this.run(one) ?? []))];
        return running.length > 1 ? Promise.all(running).then(() => undefined) : running[0];
      }
      case 'condition': {
        const branch =
          this.#parts.variables[step.variable] === true ? step.whenTrue : step.whenFalse;
        return branch && this.run(branch);
      }
    }
  }

  /** Takes an answer to a fetch of a root type. */
  receive(fetch: PreparedFetch, answer: SubgraphAnswer): void {
    if (answer.kind === 'failure') return this.#errors.failed(fetch, answer.code);
    this.#errors.ofRoot(fetch, answer);
    const { data } = answer;
    if (data === null) return;
    applyRewrites(fetch.outputRewrites, data, this.#parts);
    for (const [i, target] of targetsAt(this.data, fetch.path).entries()) {
      const filled = i === 0 ? data : copied(data);
      if (isJsonObject(filled)) mergeInto(target, filled, this.#parts.types);
    }
  }

  async #sequence(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      const running = this.run(step);
      if (running) await running;
    }
  }

  #fetchRoot(fetch: PreparedFetch): Promise<void> | undefined {
    if (fetch.path.length > 0 && targetsAt(this.data, fetch.path).length === 0) return undefined;
    const values: string[] = [];
    for (const { key, name } of fetch.variables) {
      const text = this.#valueText(name);
      if (text !== undefined) values.push(key + text);
    }
    const body = `${fetch.body}${values.join(',')}}}`;
    return this.#send(fetch.service, body, fetch.operation.kind).then((answer) =>
      this.receive(fetch, answer),
    );
  }

  #fetchEntities(fetch: PreparedFetch): Promise<void> | undefined {
    let outgoing: Outgoing | undefined;
    const send = (target: JsonObject, context: ContextTexts, part: PreparedFetch): boolean => {
      const representation = this.#representation(target, part);
      if (representation === undefined) return false;
      outgoing ??= this.#outgoingTo(part.service);
      partFor(part, context, outgoing.parts).add(part, representation, target);
      return true;
    };
    const add = (target: JsonObject, context: ContextTexts): void => {
      if (send(target, context, fetch)) return;
      for (const part of fetch.alternatives) send(target, context, part);
    };
    if (fetch.entities && fetch.entities.context.size > 0) {
      for (const located of locatedAt(this.data, fetch.path)) {
        add(located.target, this.#contextTexts(fetch, located));
      }
    } else {
      for (const target of targetsAt(this.data, fetch.path)) add(target, noContext);
    }
    return outgoing?.done;
  }

  #representation(target: JsonObject, { entities, service }: PreparedFetch): string | undefined {
    const { types, keys } = this.#parts;
    const representation = entities && representationOf(target, entities.requires, types);
    if (!representation) return undefined;
    applyRewrites(entities.rewrites, representation, this.#parts);
    const known = keys.identify(
      service,
      String(representation['__typename']),
      (field) => field in representation,
    );
    return known ? JSON.stringify(representation) : undefined;
  }

  #contextTexts(fetch: PreparedFetch, located: ReturnType<typeof locatedAt>[number]): ContextTexts {
    if (!fetch.entities) return noContext;
    const values = contextValues(fetch.entities.context, located, this.#parts.types);
    return new Map([...values].map(([name, value]) => [name, JSON.stringify(value)]));
  }

  #outgoingTo(service: string): Outgoing {
    const waiting = this.#outgoing.get(service);
    if (waiting) return waiting;
    const parts = new Map<string, RequestPart>();
    const done = Promise.resolve().then(() => {
      this.#outgoing.delete(service);
      return this.#request([...parts.values()]);
    });
    const outgoing = { parts, done };
    this.#outgoing.set(service, outgoing);
    return outgoing;
  }

  async #request(parts: readonly RequestPart[]): Promise<void> {
    const kept = await this.#parts.entities?.find(parts, (name) => this.#valueText(name));
    if (!kept) return this.#fetchParts(parts);
    for (const [part, entities] of kept.found) this.#fill(part, entities);
    this.#publicForMs = Math.min(this.#publicForMs, kept.remainingMs);
    return this.#fetchParts(kept.missing);
  }

  async #fetchParts(parts: readonly RequestPart[]): Promise<void> {
    const { begins } = this.#parts;
    const [first] = parts;
    if (!first) return;
    const body = entityRequest(parts, (name) => this.#valueText(name), begins);
    const answer = await this.#send(first.fetch.service, body, 'read');
    if (answer.kind === 'answer' && answer.data === null && parts.length > 1) {
      await Promise.all(parts.map((part) => this.#fetchParts([part])));
    } else this.#receiveEntities(parts, answer);
  }

  #receiveEntities(parts: readonly RequestPart[], answer: SubgraphAnswer): void {
    if (answer.kind === 'failure') {
      for (const part of parts) this.#errors.failedPart(part, answer.code);
      return;
    }
    this.#errors.ofParts(parts, answer.errors, answer.data === null);
    const { data } = answer;
    if (data === null) return;
    for (const [index, part] of parts.entries()) {
      const entities = own(data, answerName(index, parts.length));
      if (Array.isArray(entities) && entities.length === part.representations.length) {
        this.#parts.entities?.answered(part, entities, answer.publicForMs);
        // A subgraph that has a word for one of several types may have none for the others.
        if (part.typenames.size > 1) this.#publicForMs = 0;
        this.#fill(part, entities);
      } else this.#errors.failedPart(part, 'SERVICE_UNAVAILABLE');
    }
  }

  #fill(part: RequestPart, entities: readonly unknown[]): void {
    const { types } = this.#parts;
    for (const [index, entity] of entities.entries()) {
      if (!isJsonObject(entity)) continue;
      let used = false;
      for (const { fetch, targets } of part.uses.values()) {
        for (const target of targets[index] ?? []) {
          // Rewriting is done to each copy anew: it would find nothing left to do in one that is rewritten.
          const filling = used ? copied(entity) : entity;
          if (!used && fetch.outputRewrites.length > 0) {
            const fallbackType = target['__typename'];
            applyRewrites(fetch.outputRewrites, filling, { types, fallbackType });
          }
          used = true;
          if (isJsonObject(filling)) mergeInto(target, filling, types);
        }
      }
    }
  }

  #valueText(variable: string): string | undefined {
    if (this.#valueTexts.has(variable)) return this.#valueTexts.get(variable);
    const value = own(this.#parts.variables, variable);
    const text = value === undefined ? undefined : JSON.stringify(value);
    this.#valueTexts.set(variable, text);
    return text;
  }

  async #send(service: string, body: string, kind: CallKind): Promise<SubgraphAnswer> {
    const client = this.#parts.clients.get(service);
    if (!client) throw new Error(`no client for the subgraph ${service}`);
    const answer = await client.send(body, this.#parts.context, kind);
    const publicForMs = answer.kind === 'answer' ? answer.publicForMs : undefined;
    this.#publicForMs = Math.min(this.#publicForMs, publicForMs ?? 0);
    return answer;
  }
}
