/**
 * The arguments that directives of an operation have by default. Subgraphs need not agree on the default of a directive
 * that they share: the supergraph's is written out, so that it holds in all of them.
 */
import { Kind, parse, visit, type ConstArgumentNode, type DocumentNode } from 'graphql';

/** By the directive's name. */
export type DirectiveDefaults = ReadonlyMap<string, readonly ConstArgumentNode[]>;

/** @param sdl a schema */
export function directiveDefaults(sdl: string): DirectiveDefaults {
  return new Map(
    parse(sdl, { noLocation: true }).definitions.flatMap((definition) => {
      if (definition.kind !== Kind.DIRECTIVE_DEFINITION) return [];
      const defaults = (definition.arguments ?? []).flatMap(
        ({ name, defaultValue }): ConstArgumentNode[] =>
          defaultValue ? [{ kind: Kind.ARGUMENT, name, value: defaultValue }] : [],
      );
      return defaults.length > 0 ? [[definition.name.value, defaults]] : [];
    }),
  );
}

export function withDirectiveDefaults(
  document: DocumentNode,
  defaults: DirectiveDefaults,
): DocumentNode {
  return visit(document, {
    Directive: (node) => {
      const given = node.arguments ?? [];
      const missing = (defaults.get(node.name.value) ?? []).filter(
        ({ name }) => !given.some((argument) => argument.name.value === name.value),
      );
      return missing.length > 0 ? { ...node, arguments: [...given, ...missing] } : undefined;
    },
  });
}
