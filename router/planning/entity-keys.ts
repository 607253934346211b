/** The keys by which entities can be fetched: for each subgraph, the types it has, and for each of them its keys. */
import { Kind, parse, type DirectiveNode } from 'graphql';
import { subgraphNames } from './planning-schema.ts';

type Key = readonly string[];

export class EntityKeys {
  /** The names of the keys' fields, by subgraph and type; none for a type that cannot be fetched by a key. */
  readonly #keys = new Map<string, Key[]>();

  /** @param sdl the composed supergraph */
  constructor(sdl: string) {
    const document = parse(sdl, { noLocation: true });
    const subgraphs = subgraphNames(document);
    for (const definition of document.definitions) {
      if (!('directives' in definition) || !('name' in definition)) continue;
      for (const directive of definition.directives ?? []) {
        if (directive.name.value !== 'join__type') continue;
        const { graph, key } = joined(directive);
        const place = placeOf(subgraphs.get(graph) ?? graph, definition.name?.value ?? '');
        this.#keys.set(place, [...(this.#keys.get(place) ?? []), ...(key ? [key] : [])]);
      }
    }
  }

  /**
   * Whether a subgraph can find an entity by these fields. A plan may require different things of different types in one
   * fetch, and of some objects nothing by which they could be found: to send these would be an error, and nobody asked
   * for them. Of a type without a key the plan is believed.
   */
  identify(service: string, type: string, has: (field: string) => boolean): boolean {
    const keys = this.#keys.get(placeOf(service, type));
    return keys !== undefined && (keys.length === 0 || keys.some((key) => key.every(has)));
  }

  /** Whether a field is part of a key of a type. */
  isInKey(service: string, type: string, field: string): boolean {
    return this.#keys.get(placeOf(service, type))?.some((key) => key.includes(field)) === true;
  }
}

function placeOf(service: string, type: string): string {
  return `${service}/${type}`;
}

function joined(directive: DirectiveNode): { graph: string; key: Key | undefined } {
  const value = (argument: string) =>
    directive.arguments?.find(({ name }) => name.value === argument)?.value;
  const [graph, key, resolvable] = [value('graph'), value('key'), value('resolvable')];
  const closed = resolvable?.kind === Kind.BOOLEAN && !resolvable.value;
  return {
    graph: graph?.kind === Kind.ENUM ? graph.value : '',
    key: key?.kind === Kind.STRING && !closed ? topFields(key.value) : undefined,
  };
}

function topFields(fieldSet: string): Key {
  const [definition] = parse(`{${fieldSet}}`, { noLocation: true }).definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) return [];
  return definition.selectionSet.selections.flatMap((selection) =>
    selection.kind === Kind.FIELD ? [selection.name.value] : [],
  );
}
