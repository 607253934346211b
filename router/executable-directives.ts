/**
 * Directives for operations. One that all subgraphs define alike is in the clients' schema; one that subgraphs link to,
 * as `@composeDirective` asks of them, would be taken for a part of the machinery and be missing there. Without the link
 * it is a directive like any other.
 */
import {
  Kind,
  parse,
  print,
  type ConstDirectiveNode,
  type ConstValueNode,
  type DirectiveDefinitionNode,
  type DocumentNode,
} from 'graphql';

/** Where only operations have directives. */
const executable: ReadonlySet<string> = new Set([
  'QUERY',
  'MUTATION',
  'SUBSCRIPTION',
  'FIELD',
  'FRAGMENT_DEFINITION',
  'FRAGMENT_SPREAD',
  'INLINE_FRAGMENT',
  'VARIABLE_DEFINITION',
]);

/** The supergraph without its links to definitions of directives for operations. */
export function withoutExecutableLinks(sdl: string): string {
  const document = parse(sdl, { noLocation: true });
  const names = executableDirectives(document);
  if (names.size === 0) return sdl;
  const definitions = document.definitions.map((definition) =>
    definition.kind === Kind.SCHEMA_DEFINITION || definition.kind === Kind.SCHEMA_EXTENSION
      ? {
          ...definition,
          directives: (definition.directives ?? []).filter((one) => !linksTo(one, names)),
        }
      : definition,
  );
  return print({ ...document, definitions });
}

function executableDirectives(document: DocumentNode): ReadonlySet<string> {
  const definitions = document.definitions.filter(
    (node): node is DirectiveDefinitionNode => node.kind === Kind.DIRECTIVE_DEFINITION,
  );
  return new Set(
    definitions
      .filter(({ locations }) => locations.some(({ value }) => executable.has(value)))
      .map(({ name }) => name.value),
  );
}

function linksTo(link: ConstDirectiveNode, names: ReadonlySet<string>): boolean {
  if (link.name.value !== 'link') return false;
  const given = (argument: string): ConstValueNode | undefined =>
    link.arguments?.find(({ name }) => name.value === argument)?.value;
  // With a purpose it is something that routers have to understand.
  if (given('for')) return false;
  const imports = given('import');
  return imports?.kind === Kind.LIST && imports.values.some((one) => names.has(importedAs(one)));
}

/** The name, without its `@`, that an element of an import list has in this schema. */
function importedAs(element: ConstValueNode): string {
  if (element.kind === Kind.STRING) return element.value.slice(1);
  if (element.kind !== Kind.OBJECT) return '';
  const field = (name: string): string | undefined => {
    const value = element.fields.find((one) => one.name.value === name)?.value;
    return value?.kind === Kind.STRING ? value.value.slice(1) : undefined;
  };
  return field('as') ?? field('name') ?? '';
}
