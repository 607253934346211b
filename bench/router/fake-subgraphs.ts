/**
 * The subgraphs of the router's benchmark, all on one port, each under its name. They execute what they are asked, but by
 * the shortest way: a text is read once, and every value is a function of an id.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  Kind,
  parse,
  type FragmentDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { answerCalls } from '../streams/messages.ts';

const names = ['products', 'inventory', 'reviews', 'users'] as const;

export type FakeSubgraphCalls = {
  /** The subgraphs' addresses. */
  urls: () => Record<string, string>;
  /** How many requests there were since the last time it was asked. */
  requests: () => number;
};

type Data = Record<string, unknown>;
type Variables = Readonly<Record<string, unknown>>;

const numberIn = (id: unknown): number => Number(String(id).replace(/\D/g, '')) || 0;

/** All objects and fields of all subgraphs: nobody asks one for another's. */
function fieldOf(parent: Data, name: string, given: Variables): unknown {
  const n = numberIn(parent['id']);
  switch (name) {
    case 'product':
      return { __typename: 'Product', id: given['id'] };
    case 'topProducts':
      return list(Number(given['first'] ?? 5), (i) => ({ __typename: 'Product', id: `p${i}` }));
    case '_entities':
      return given['representations'];
    case 'name':
      return `${String(parent['__typename'])} number ${n}`;
    case 'price':
      return (n % 1000) / 4;
    case 'brand':
      return { name: `Brand ${n % 10}`, country: n % 2 === 0 ? 'DE' : null };
    case 'stock':
      return { available: n % 100, warehouse: `w${n % 7}` };
    case 'reviews':
      return list(Number(given['first'] ?? 3), (i) => ({ __typename: 'Review', id: `r${n + i}` }));
    case 'stars':
      return (n % 5) + 1;
    case 'text':
      return `What "review" ${n} says, at some length, so that there is something to carry over`;
    case 'author':
      return { __typename: 'User', id: `u${n % 50}` };
    case 'city':
      return `City ${n % 20}`;
    default:
      return parent[name];
  }
}

function list<T>(length: number, make: (i: number) => T): T[] {
  return Array.from({ length }, (_, i) => make(i));
}

type Execution = {
  readonly variables: Variables;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
};

function select(parent: Data, set: SelectionSetNode, { variables, fragments }: Execution): Data {
  const result: Data = {};
  for (const selection of set.selections) {
    if (selection.kind !== Kind.FIELD) {
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
      const condition = fragment?.typeCondition?.name.value;
      if (fragment && (condition === undefined || condition === parent['__typename'])) {
        Object.assign(result, select(parent, fragment.selectionSet, { variables, fragments }));
      }
    }
    if (selection.kind !== Kind.FIELD) continue;
    const given: Record<string, unknown> = {};
    for (const { name, value } of selection.arguments ?? []) {
      given[name.value] = valueOf(value, variables);
    }
    const value = fieldOf(parent, selection.name.value, given);
    result[selection.alias?.value ?? selection.name.value] = selection.selectionSet
      ? within(value, selection.selectionSet, { variables, fragments })
      : (value ?? null);
  }
  return result;
}

function within(value: unknown, set: SelectionSetNode, execution: Execution): unknown {
  if (Array.isArray(value)) return value.map((item) => within(item, set, execution));
  return value === null ? null : select(value as Data, set, execution);
}

function valueOf(node: ValueNode, variables: Variables): unknown {
  if (node.kind === Kind.VARIABLE) return variables[node.name.value];
  return node.kind === Kind.INT ? Number(node.value) : 'value' in node ? node.value : null;
}

type ReadOperation = Pick<Execution, 'fragments'> & { readonly set: SelectionSetNode };

const documents = new Map<string, ReadOperation>();

function operationIn(query: string): ReadOperation {
  const known = documents.get(query);
  if (known) return known;
  const fragments = new Map<string, FragmentDefinitionNode>();
  let set: SelectionSetNode | undefined;
  for (const definition of parse(query, { noLocation: true }).definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) set = definition.selectionSet;
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition);
    }
  }
  if (!set) throw new Error('no operation');
  const read = { fragments, set };
  documents.set(query, read);
  return read;
}

let requests = 0;

function answer(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    requests += 1;
    const { query, variables } = JSON.parse(Buffer.concat(chunks).toString()) as {
      query: string;
      variables?: Variables;
    };
    const { set, fragments } = operationIn(query);
    const data = select({}, set, { variables: variables ?? {}, fragments });
    const body = JSON.stringify({ data });
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  });
}

const server = createServer(answer);
server.keepAliveTimeout = 60_000;
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4_096, resolve));
const address = server.address();
const port = typeof address === 'object' && address ? address.port : 0;

answerCalls({
  urls: () => Object.fromEntries(names.map((name) => [name, `http://127.0.0.1:${port}/${name}`])),
  requests: () => {
    const count = requests;
    requests = 0;
    return count;
  },
} satisfies FakeSubgraphCalls);
