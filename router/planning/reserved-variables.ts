/**
 * Names that plans use for variables of their own. A client's variable of such a name gets a prefix before planning, so
 * that a fetch's variables are the client's or the plan's, never both. The prefix itself is reserved too, which makes
 * the way back unique.
 */
import { Kind, visit, type DocumentNode } from 'graphql';

const prefix = 'client_';
const reserved = /^(representations|contextualArgument_|client_)/;

/** The document without reserved names; the same object if it has none. */
export function withoutReservedVariables(document: DocumentNode): DocumentNode {
  return visit(document, {
    Variable: (node) =>
      reserved.test(node.name.value)
        ? { ...node, name: { kind: Kind.NAME, value: prefix + node.name.value } }
        : undefined,
  });
}

/** The client's name for a variable of a plan. */
export function clientVariable(name: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}
