/** Unions that have not the same members everywhere: what a subgraph answers with is what the client gets. */
import { expect, test } from 'vitest';
import { smallGraph } from '../test/federation/small-graph.ts';

const kind = { __resolveType: ({ kind: name }: { kind: string }) => name };
const ship = { kind: 'Ship', name: 'Ada' };
const barge = { kind: 'Barge', crew: { size: 2 } };
const ferry = { kind: 'Ferry', deck: 'UPPER', fare: 3 };
const shared = `
  type Yard @shareable { fleet(max: Int): [Vessel!]! }
  type Ship @shareable { name: String }
  extend type Query { both: Port @shareable }
`;

const ask = smallGraph({
  north: {
    sdl: `${shared}
      type Query { north: Port }
      type Port @key(fields: "id") { id: ID!  yard: Yard @shareable }
      union Vessel = Ship | Barge
      type Barge { crew: Crew }
      type Crew { size(unit: Unit): Int }
      enum Unit { ONE DOZEN }
    `,
    resolvers: {
      Query: { north: () => ({ id: 'p' }), both: () => ({ id: 'p', yard: { fleet: [ship] } }) },
      Port: {
        __resolveReference: ({ id }: { id: string }) => ({ id }),
        yard: ({ yard }: { yard?: unknown }) => yard ?? { fleet: [ship, barge] },
      },
      Vessel: kind,
    },
  },
  south: {
    sdl: `${shared}
      type Query { south: Port }
      type Port @key(fields: "id") { id: ID!  yard: Yard @shareable }
      union Vessel = Ship | Ferry
      type Ferry { deck: Deck  fare(for: Passenger): Int }
      enum Deck { UPPER }
      input Passenger { age: Int  with: Passenger }
    `,
    resolvers: {
      Query: { south: () => ({ id: 'p' }), both: () => ({ id: 'p', yard: { fleet: [ship] } }) },
      Port: {
        __resolveReference: ({ id }: { id: string }) => ({ id }),
        yard: ({ yard }: { yard?: unknown }) => yard ?? { fleet: [ship, ferry] },
      },
      Vessel: kind,
    },
  },
});

const askQuay = smallGraph({
  east: {
    sdl: `
      type Query { east: Quay }
      type Quay @key(fields: "id") { id: ID!  load: Load @shareable }
      type Load @shareable { goods: [Good!]! }
      interface Good { weight: Int }
      type Crate implements Good @shareable { weight: Int }
      type Sack implements Good { weight: Int  grain: String }
    `,
    resolvers: {
      Query: { east: () => ({ id: 'q' }) },
      Quay: {
        __resolveReference: ({ id }: { id: string }) => ({ id }),
        load: () => ({
          goods: [
            { kind: 'Crate', weight: 1 },
            { kind: 'Sack', weight: 2, grain: 'rye' },
          ],
        }),
      },
      Good: kind,
    },
  },
  west: {
    sdl: `
      type Query { west: Quay }
      type Quay @key(fields: "id") { id: ID!  load: Load @shareable }
      type Load @shareable { goods: [Good!]! }
      interface Good { weight: Int }
      type Crate implements Good @shareable { weight: Int }
      type Barrel implements Good { weight: Int  wine: String }
    `,
    resolvers: {
      Query: { west: () => ({ id: 'q' }) },
      Quay: {
        __resolveReference: ({ id }: { id: string }) => ({ id }),
        load: () => ({ goods: [{ kind: 'Barrel', weight: 3, wine: 'port' }] }),
      },
      Good: kind,
    },
  },
});

test('the same holds for interfaces', async () => {
  const goods = 'load { goods { weight ... on Sack { grain } ... on Barrel { wine } } }';
  const east = await askQuay(`{ east { ${goods} } }`);
  expect(east.errors).toEqual([]);
  expect(east.data).toEqual({
    east: { load: { goods: [{ weight: 1 }, { weight: 2, grain: 'rye' }] } },
  });
  const west = await askQuay(`{ west { ${goods} } }`);
  expect(west.data).toEqual({ west: { load: { goods: [{ weight: 3, wine: 'port' }] } } });
});

const fleet = `yard { fleet {
  __typename
  ... on Ship { name }
  ... on Barge { crew { size(unit: ONE) } }
  ... on Ferry { deck fare(for: { age: 9 }) }
} }`;

test.each([
  [
    'north',
    [
      { __typename: 'Ship', name: 'Ada' },
      { __typename: 'Barge', crew: { size: 2 } },
    ],
  ],
  [
    'south',
    [
      { __typename: 'Ship', name: 'Ada' },
      { __typename: 'Ferry', deck: 'UPPER', fare: 3 },
    ],
  ],
  ['both', [{ __typename: 'Ship', name: 'Ada' }]],
])('all members are had from the one subgraph that is asked: %s', async (root, expected) => {
  const answer = await ask(`{ ${root} { ${fleet} } }`);
  expect(answer.errors).toEqual([]);
  expect(answer.data).toEqual({ [root]: { yard: { fleet: expected } } });
  const requests = [...answer.requests.values()].flat();
  expect(requests).toHaveLength(1);
});

test('a member that the subgraph does not have is not asked of it, nor the variables for it sent', async () => {
  const { data, requests } = await ask(
    'query ($max: Int = 1, $p: Passenger = { age: 9 }) { north { yard { fleet(max: $max) { ... on Ferry { fare(for: $p) } } } } }',
  );
  expect(data).toEqual({ north: { yard: { fleet: [{}, {}] } } });
  expect(requests.get('south')).toEqual([]);
  const [request = ''] = requests.get('north') ?? [];
  expect(request).not.toMatch(/Ferry|Passenger/);
});
