/** What the router's benchmark asks, with ids that no two requests share. */
export type BenchQuery = {
  readonly name: string;
  readonly query: string;
  /** Variables of the request of this number. */
  variables(request: number): Readonly<Record<string, unknown>>;
  /** At most this share of stock's CPU time. */
  readonly mark: number;
};

const heavyAliases = ['a', 'b', 'c', 'd', 'e'] as const;

export const benchQueries: readonly BenchQuery[] = [
  {
    name: 'three subgraphs',
    query: `query Federated($id: ID!) {
      product(id: $id) { id name price brand { name } stock { available warehouse } reviews { id stars text } }
    }`,
    variables: (request) => ({ id: `p${request}` }),
    mark: 1 / 6,
  },
  {
    name: 'sixteen fetches',
    query: `query Heavy(${heavyAliases.map((name) => `$${name}: ID!`).join(' ')}) {
      ${heavyAliases.map((name) => `${name}: product(id: $${name}) { ...P }`).join(' ')}
    }
    fragment P on Product {
      id name price stock { available warehouse } reviews { id stars text author { name city } }
    }`,
    variables: (request) =>
      Object.fromEntries(heavyAliases.map((name, i) => [name, `p${request * 5 + i}`])),
    mark: 1 / 6,
  },
  {
    name: 'one subgraph',
    query: 'query Single($id: ID!) { product(id: $id) { id name price brand { name country } } }',
    variables: (request) => ({ id: `p${request}` }),
    mark: 1 / 5,
  },
];
