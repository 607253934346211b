/**
 * The supergraph as the planner gets to see it. Three things in it mislead the planner, with wrong data and no error:
 *
 * - A required field that takes arguments (`@requires(fields: "price(currency: \"USD\")")`) shares its response name with
 *   the client's own selection of that field, and with another requirement's, whose arguments may be others. Each such use
 *   therefore becomes a field of its own without arguments, a stand-in, which the finished plan turns back (`stand-ins.ts`).
 * - Of an entity's keys in one subgraph the planner takes the first to come back to that subgraph, even if the subgraph
 *   cannot be entered by it. Keys that can be resolved therefore come first.
 * - Unions and interfaces whose objects are not the same in all subgraphs: see `whole-unions.ts`.
 *
 * Clients see the schema of the original supergraph, which has no stand-ins.
 */
import {
  Kind,
  parse,
  print,
  visit,
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type FieldNode,
  type InterfaceTypeDefinitionNode,
  type ObjectTypeDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type TypeNode,
} from 'graphql';
import { withWholeUnions } from './whole-unions.ts';

/** What a stand-in stands for: a field and its arguments, as `(currency: "USD")`. */
export type StandIn = { readonly field: string; readonly arguments: string };

export type PlanningSchema = {
  readonly sdl: string;
  readonly standIns: ReadonlyMap<string, StandIn>;
  /** What a field needs in a subgraph, with stand-ins, by `requirementKey`. */
  readonly requirements: ReadonlyMap<string, SelectionSetNode>;
  /** Subgraphs that have more in it than they have, by their names. */
  readonly widened: ReadonlySet<string>;
};

export function requirementKey(subgraph: string, type: string, field: string): string {
  return `${subgraph}/${type}.${field}`;
}

type Composite = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode;

export function planningSchema(sdl: string): PlanningSchema {
  const original = parse(sdl, { noLocation: true });
  const { document, widened } = withWholeUnions(original);
  const names = subgraphNames(original);
  const types = new Map(
    document.definitions.filter(isComposite).map((type) => [type.name.value, type]),
  );
  const rewriting = new Rewriting(types, names, sdl);
  const changed: DocumentNode = {
    ...document,
    definitions: document.definitions.map((definition) =>
      isComposite(definition) ? rewriting.type(definition) : definition,
    ),
  };
  const complete: DocumentNode = {
    ...changed,
    definitions: changed.definitions.map((definition) =>
      isComposite(definition) ? rewriting.withStandIns(definition) : definition,
    ),
  };
  return {
    sdl: print(complete),
    standIns: rewriting.standIns,
    requirements: rewriting.requirements,
    widened: new Set([...widened].map((graph) => names.get(graph) ?? graph)),
  };
}

class Rewriting {
  readonly standIns = new Map<string, StandIn>();
  readonly requirements = new Map<string, SelectionSetNode>();
  readonly #types: ReadonlyMap<string, Composite>;
  /** By the names they have in the supergraph's `join__Graph`. */
  readonly #subgraphs: ReadonlyMap<string, string>;
  readonly #sdl: string;
  /** Names of stand-ins by the type they belong to. */
  readonly #added = new Map<string, Set<string>>();

  constructor(
    types: ReadonlyMap<string, Composite>,
    subgraphs: ReadonlyMap<string, string>,
    sdl: string,
  ) {
    this.#types = types;
    this.#subgraphs = subgraphs;
    this.#sdl = sdl;
  }

  type(type: Composite): Composite {
    return {
      ...type,
      directives: resolvableKeysFirst(type.directives ?? []),
      fields: (type.fields ?? []).map((field) => this.#field(field, type)),
    };
  }

  /** Adds a type's stand-ins: like the field itself, in the same subgraphs, without its arguments. */
  withStandIns(type: Composite): Composite {
    const added = [...(this.#added.get(type.name.value) ?? [])].flatMap((name) => {
      const standIn = this.standIns.get(name);
      const field = type.fields?.find((candidate) => candidate.name.value === standIn?.field);
      return field
        ? [{ ...field, name: { kind: Kind.NAME, value: name } as const, arguments: [] }]
        : [];
    });
    return added.length > 0 ? { ...type, fields: [...(type.fields ?? []), ...added] } : type;
  }

  #field(field: FieldDefinitionNode, type: Composite): FieldDefinitionNode {
    const directives = field.directives?.map((directive) => {
      const requires = stringArgument(directive, 'requires');
      if (directive.name.value !== 'join__field' || requires === undefined) return directive;
      const needed = this.#selections(fieldSet(requires), type.name.value);
      const subgraph = this.#subgraphs.get(enumArgument(directive, 'graph')) ?? '';
      this.requirements.set(requirementKey(subgraph, type.name.value, field.name.value), needed);
      return withArgument(directive, 'requires', printedFieldSet(needed));
    });
    return directives ? { ...field, directives } : field;
  }

  #selections(set: SelectionSetNode, parent: string): SelectionSetNode {
    return {
      ...set,
      selections: set.selections.map((selection) => this.#selection(selection, parent)),
    };
  }

  #selection(selection: SelectionNode, parent: string): SelectionNode {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return selection;
    const inner = selection.selectionSet;
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const type = selection.typeCondition?.name.value ?? parent;
      return { ...selection, selectionSet: this.#selections(selection.selectionSet, type) };
    }
    const definition = this.#types
      .get(parent)
      ?.fields?.find(({ name }) => name.value === selection.name.value);
    const changed: FieldNode =
      inner && definition
        ? { ...selection, selectionSet: this.#selections(inner, namedType(definition.type)) }
        : selection;
    // Without arguments it would still share its name with the same field that has some.
    if (!definition?.arguments || definition.arguments.length === 0) return changed;
    const name = this.#standIn(selection, parent);
    return { ...changed, name: { kind: Kind.NAME, value: name }, arguments: [] };
  }

  #standIn(field: FieldNode, parent: string): string {
    const given = `(${(field.arguments ?? []).map(print).join(', ')})`;
    const known = [...this.standIns].find(
      ([, standIn]) => standIn.field === field.name.value && standIn.arguments === given,
    );
    const name = known?.[0] ?? this.#freeName(field.name.value);
    this.standIns.set(name, { field: field.name.value, arguments: given });
    // An interface's field is planned for as its objects' as well.
    const related = [...this.#types.values()].filter(({ interfaces = [] }) =>
      interfaces.some((implemented) => implemented.name.value === parent),
    );
    for (const type of [parent, ...related.map((other) => other.name.value)]) {
      this.#added.set(type, (this.#added.get(type) ?? new Set()).add(name));
    }
    return name;
  }

  #freeName(field: string): string {
    for (let number = 0; ; number += 1) {
      const name = `${field}__${number}`;
      if (!this.standIns.has(name) && !this.#sdl.includes(name)) return name;
    }
  }
}

/** The subgraphs' names by the names they have in the supergraph's `join__Graph`. */
export function subgraphNames(document: DocumentNode): ReadonlyMap<string, string> {
  const graphs = document.definitions.find(
    (node) => node.kind === Kind.ENUM_TYPE_DEFINITION && node.name.value === 'join__Graph',
  );
  if (graphs?.kind !== Kind.ENUM_TYPE_DEFINITION) return new Map();
  return new Map(
    (graphs.values ?? []).map(({ name, directives = [] }) => [
      name.value,
      directives.map((directive) => stringArgument(directive, 'name')).find(Boolean) ?? name.value,
    ]),
  );
}

function isComposite(node: { readonly kind: Kind }): node is Composite {
  return node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.INTERFACE_TYPE_DEFINITION;
}

function resolvableKeysFirst(
  directives: readonly ConstDirectiveNode[],
): readonly ConstDirectiveNode[] {
  const unresolvable = (directive: ConstDirectiveNode): boolean =>
    directive.name.value === 'join__type' &&
    (directive.arguments ?? []).some(
      ({ name, value }) =>
        name.value === 'resolvable' && value.kind === Kind.BOOLEAN && !value.value,
    );
  return [
    ...directives.filter((directive) => !unresolvable(directive)),
    ...directives.filter(unresolvable),
  ];
}

/** @throws GraphQLError if the text is not a field set; composition has seen to it that it is. */
function fieldSet(text: string): SelectionSetNode {
  const [definition] = parse(`{${text}}`, { noLocation: true }).definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error('not a field set');
  return definition.selectionSet;
}

function printedFieldSet(set: SelectionSetNode): string {
  return set.selections.map(print).join(' ');
}

function withArgument(
  directive: ConstDirectiveNode,
  argument: string,
  value: string,
): ConstDirectiveNode {
  return visit(directive, {
    Argument: (node) =>
      node.name.value === argument ? { ...node, value: { kind: Kind.STRING, value } } : undefined,
  });
}

function stringArgument(directive: ConstDirectiveNode, argument: string): string | undefined {
  const value = directive.arguments?.find(({ name }) => name.value === argument)?.value;
  return value?.kind === Kind.STRING ? value.value : undefined;
}

function enumArgument(directive: ConstDirectiveNode, argument: string): string {
  const value = directive.arguments?.find(({ name }) => name.value === argument)?.value;
  return value?.kind === Kind.ENUM ? value.value : '';
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}
