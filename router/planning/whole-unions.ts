/**
 * A union may have other members in one subgraph than in another, or an interface other objects, and a field of it may
 * be had from both. For a member that one of them lacks the planner then takes that one, since nothing need be fetched there, and drops what the client
 * selects of the member; the field itself it may well take from the other, where such objects do turn up.
 *
 * For planning, each subgraph that resolves such a field therefore has all members that the others have, with all their
 * fields. What it does not really have is taken out of its fetches when the plan is made (`foreign-fragments.ts`).
 */
import {
  isTypeDefinitionNode,
  Kind,
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type ObjectTypeDefinitionNode,
  type TypeDefinitionNode,
  type TypeNode,
} from 'graphql';
import { argumentOf, directivesNamed, graphsIn, joinDirective } from './join-directives.ts';

export type WholeUnions = {
  readonly document: DocumentNode;
  /** The subgraphs that were given something, by their names in `join__Graph`. */
  readonly widened: ReadonlySet<string>;
};

/** @param document a supergraph */
export function withWholeUnions(document: DocumentNode): WholeUnions {
  const widening = new Widening(document);
  for (const type of document.definitions) {
    if (type.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    for (const field of type.fields ?? []) widening.field(field, type);
  }
  return { document: widening.document(document), widened: widening.widened };
}

class Widening {
  readonly widened = new Set<string>();
  readonly #types: Map<string, TypeDefinitionNode>;

  constructor(document: DocumentNode) {
    this.#types = new Map(
      document.definitions.filter(isTypeDefinitionNode).map((type) => [type.name.value, type]),
    );
  }

  document(original: DocumentNode): DocumentNode {
    const definitions = original.definitions.map((definition) =>
      isTypeDefinitionNode(definition)
        ? (this.#types.get(definition.name.value) ?? definition)
        : definition,
    );
    return { ...original, definitions };
  }

  /** Gives the field's union, in each subgraph that resolves the field, the members it has in the others. */
  field(field: FieldDefinitionNode, parent: ObjectTypeDefinitionNode): void {
    const name = namedType(field.type);
    const graphs = resolvingGraphs(field, parent);
    if (graphs.length < 2) return;
    const members = new Set(graphs.flatMap((graph) => this.#membersIn(name, graph)));
    for (const graph of graphs) {
      const own = this.#membersIn(name, graph);
      // Where the field is of one of the members instead, there is nothing to choose from.
      if (own.length === 0) continue;
      for (const member of members) if (!own.includes(member)) this.#join(name, member, graph);
    }
  }

  #join(name: string, member: string, graph: string): void {
    if (this.#types.get(name)?.kind === Kind.UNION_TYPE_DEFINITION) {
      this.#mark(name, joinDirective('join__unionMember', graph, ['member', member]));
    } else {
      // An object that is there without the interface need not have the interface's fields.
      if (this.#isIn(member, graph)) return;
      this.#mark(member, joinDirective('join__implements', graph, ['interface', name]));
    }
    this.widened.add(graph);
    this.#adopt(member, graph);
  }

  /** The objects of a union or an interface in one subgraph; none if it is an object itself there. */
  #membersIn(name: string, graph: string): readonly string[] {
    const type = this.#types.get(name);
    if (type?.kind === Kind.UNION_TYPE_DEFINITION) {
      return valuesFor(type, ['join__unionMember', graph, 'member']);
    }
    if (type?.kind !== Kind.INTERFACE_TYPE_DEFINITION) return [];
    return [...this.#types.values()]
      .filter((object) => object.kind === Kind.OBJECT_TYPE_DEFINITION)
      .filter((object) =>
        valuesFor(object, ['join__implements', graph, 'interface']).includes(name),
      )
      .map((object) => object.name.value);
  }

  #isIn(name: string, graph: string): boolean {
    const type = this.#types.get(name);
    return type !== undefined && graphsIn(type, 'join__type').includes(graph);
  }

  /** Puts a type that the subgraph does not have into it, without keys, and all that its fields are made of. */
  #adopt(name: string, graph: string): void {
    const type = this.#types.get(name);
    if (!type || graphsIn(type, 'join__type').length === 0 || this.#isIn(name, graph)) return;
    const adopted = marked(type, joinDirective('join__type', graph));
    this.#types.set(name, adopted);
    switch (adopted.kind) {
      case Kind.ENUM_TYPE_DEFINITION: {
        const values = (adopted.values ?? []).map((value) =>
          marked(value, joinDirective('join__enumValue', graph)),
        );
        this.#types.set(name, { ...adopted, values });
        return;
      }
      case Kind.UNION_TYPE_DEFINITION:
        for (const member of adopted.types ?? []) this.#join(name, member.name.value, graph);
        return;
      case Kind.INPUT_OBJECT_TYPE_DEFINITION: {
        const fields = (adopted.fields ?? []).map((field) => resolvedToo(field, graph));
        this.#types.set(name, { ...adopted, fields });
        for (const field of fields) this.#adopt(namedType(field.type), graph);
        return;
      }
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.INTERFACE_TYPE_DEFINITION: {
        const fields = (adopted.fields ?? []).map((field) => resolvedToo(field, graph));
        this.#types.set(name, { ...adopted, fields });
        for (const { type: result, arguments: given = [] } of fields) {
          for (const part of [result, ...given.map((one) => one.type)]) {
            this.#adopt(namedType(part), graph);
          }
        }
        return;
      }
      case Kind.SCALAR_TYPE_DEFINITION:
    }
  }

  #mark(name: string, mark: ConstDirectiveNode): void {
    const type = this.#types.get(name);
    if (type) this.#types.set(name, marked(type, mark));
  }
}

type Asked = readonly [directive: string, graph: string, argument: string];

/** The values of an argument in the directives for one subgraph. */
function valuesFor(type: Marked, [directive, graph, argument]: Asked): readonly string[] {
  return directivesNamed(type, directive)
    .filter((one) => argumentOf(one, 'graph') === graph)
    .map((one) => String(argumentOf(one, argument)));
}

/** A field without a word on subgraphs is resolved by all that have its type. */
function resolvingGraphs(
  field: FieldDefinitionNode,
  parent: ObjectTypeDefinitionNode,
): readonly string[] {
  const joined = directivesNamed(field, 'join__field');
  if (joined.length === 0) return [...new Set(graphsIn(parent, 'join__type'))];
  const own = (one: ConstDirectiveNode): boolean =>
    argumentOf(one, 'external') !== true && argumentOf(one, 'usedOverridden') !== true;
  return graphsIn({ directives: joined.filter(own) }, 'join__field');
}

type Marked = { readonly directives?: readonly ConstDirectiveNode[] | undefined };

function marked<Node extends Marked>(node: Node, mark: ConstDirectiveNode): Node {
  return { ...node, directives: [...(node.directives ?? []), mark] };
}

function resolvedToo<Node extends Marked>(field: Node, graph: string): Node {
  const elsewhere = graphsIn(field, 'join__field').length > 0;
  return elsewhere ? marked(field, joinDirective('join__field', graph)) : field;
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}
