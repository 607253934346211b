import { readFile } from 'node:fs/promises';
import {
  parse,
  visit,
  type DocumentNode,
  type NameNode,
  type ObjectTypeDefinitionNode,
  type StringValueNode,
  Kind,
} from 'graphql';
import { expect, test } from 'vitest';
import { compose } from './compose.ts';
import { subgraphs } from './subgraphs.ts';

const read = (name: string): Promise<string> =>
  readFile(new URL(`./${name}`, import.meta.url), 'utf8');

test('the committed supergraph and API are what the SDL files compose to', async () => {
  const { supergraphSdl, apiSdl } = await compose();
  expect(await read('supergraph.graphql')).toBe(supergraphSdl);
  expect(await read('api.graphql')).toBe(apiSdl);
});

test.each([...subgraphs.map(({ name }) => name), 'api'])(
  'every type, field, argument and value of %s is described',
  async (name) => {
    expect(undescribed(parse(await read(`${name}.graphql`)))).toEqual([]);
  },
);

test('what is deprecated says why, and since when', async () => {
  const deprecated: string[] = [];
  visit(parse(await read('api.graphql')), {
    Directive(node) {
      if (node.name.value !== 'deprecated') return;
      const [reason] = node.arguments ?? [];
      deprecated.push(reason?.value.kind === Kind.STRING ? reason.value.value : '');
    },
  });
  for (const reason of deprecated) expect(reason).toMatch(/\d{4}-\d\d-\d\d/);
});

test('what has no description is found, but for the key of an entity that another subgraph describes', () => {
  const sdl = `
    type Order @key(fields: "id") { id: ID!  notes: String }
    "Described."
    type Product @key(fields: "sku") { sku: ID!  "Described." name(long: Boolean): String }
    enum Colour { RED }
    type Query { "Described." things: Int }
  `;
  expect(undescribed(parse(sdl))).toEqual([
    'Order.notes',
    'Product.sku',
    'Product.name.long',
    'Colour',
    'Colour.RED',
  ]);
});

type Named = { readonly name: NameNode; readonly description?: StringValueNode | undefined };

/** Names of what has no description and needs one. */
function undescribed(document: DocumentNode): string[] {
  const missing: string[] = [];
  const path: string[] = [];
  /** Fields of the type at hand that need no description. */
  let exempt: ReadonlySet<string> = new Set();
  const enter = (node: Named, needsNone = false): void => {
    path.push(node.name.value);
    if (!node.description && !needsNone) missing.push(path.join('.'));
  };
  const leave = (): void => void path.pop();
  const named = { enter: (node: Named) => enter(node), leave };
  visit(document, {
    ObjectTypeDefinition: {
      enter(node) {
        exempt = new Set(node.description ? [] : keyFields(node));
        enter(node, exempt.size > 0 || /^(Query|Mutation|Subscription)$/.test(node.name.value));
      },
      leave() {
        exempt = new Set();
        leave();
      },
    },
    InterfaceTypeDefinition: named,
    InputObjectTypeDefinition: named,
    EnumTypeDefinition: named,
    EnumValueDefinition: named,
    ScalarTypeDefinition: named,
    UnionTypeDefinition: named,
    FieldDefinition: { enter: (node) => enter(node, exempt.has(node.name.value)), leave },
    InputValueDefinition: named,
  });
  return missing;
}

function keyFields(type: ObjectTypeDefinitionNode): string[] {
  return (type.directives ?? [])
    .filter((directive) => directive.name.value === 'key')
    .flatMap((directive) => directive.arguments ?? [])
    .flatMap(({ value }) => (value.kind === Kind.STRING ? value.value.split(/\s+/) : []));
}
