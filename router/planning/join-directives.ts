/** What `@join__…` directives in a supergraph say of one element. Subgraphs have the names of `join__Graph` here. */
import {
  Kind,
  type ConstArgumentNode,
  type ConstDirectiveNode,
  type ConstValueNode,
} from 'graphql';

type Joined = { readonly directives?: readonly ConstDirectiveNode[] | undefined };

export function directivesNamed(element: Joined, name: string): readonly ConstDirectiveNode[] {
  return (element.directives ?? []).filter((directive) => directive.name.value === name);
}

/** The argument if it is a string, an enum's value or a boolean. */
export function argumentOf(
  directive: ConstDirectiveNode,
  name: string,
): string | boolean | undefined {
  const value = directive.arguments?.find((one) => one.name.value === name)?.value;
  const known =
    value?.kind === Kind.STRING || value?.kind === Kind.ENUM || value?.kind === Kind.BOOLEAN;
  return known ? value.value : undefined;
}

/** The subgraphs that directives of this name mention. */
export function graphsIn(element: Joined, name: string): readonly string[] {
  return directivesNamed(element, name).flatMap((directive) => {
    const graph = argumentOf(directive, 'graph');
    return typeof graph === 'string' ? [graph] : [];
  });
}

/** `@name(graph: …)`, with a second argument that is a string. */
export function joinDirective(
  name: string,
  graph: string,
  second?: readonly [argument: string, value: string],
): ConstDirectiveNode {
  const given: ConstArgumentNode = argument('graph', { kind: Kind.ENUM, value: graph });
  const more = second ? [argument(second[0], { kind: Kind.STRING, value: second[1] })] : [];
  return {
    kind: Kind.DIRECTIVE,
    name: { kind: Kind.NAME, value: name },
    arguments: [given, ...more],
  };
}

function argument(name: string, value: ConstValueNode): ConstArgumentNode {
  return { kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: name }, value };
}
