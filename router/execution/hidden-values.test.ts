/** What clients do not know of is null to them, and no error, unless null is one. */
import { expect, test } from 'vitest';
import { smallGraph } from '../test/federation/small-graph.ts';

const shelf = [
  { __typename: 'Map', id: '1', state: 'NEW' },
  { __typename: 'Draft', id: '2', state: 'LOST' },
];

const ask = smallGraph({
  archive: {
    sdl: `
      type Query { things: [Thing]  sure: [Thing!]  odd: Thing }
      interface Thing { id: ID! }
      type Map implements Thing @key(fields: "id") { id: ID!  state: State }
      type Draft implements Thing @key(fields: "id") @inaccessible { id: ID!  state: State }
      type Frame { state: State! }
      extend type Map { frame: Frame }
      enum State { NEW  LOST @inaccessible }
    `,
    resolvers: {
      Query: { things: () => shelf, sure: () => shelf, odd: () => shelf[0] },
      Map: { frame: () => ({ state: 'LOST' }), state: () => 'LOST' },
    },
  },
});

test('an object of a hidden type is null', async () => {
  const answer = await ask('{ things { __typename id } }');
  expect(answer.errors).toEqual([]);
  expect(answer.data).toEqual({ things: [{ __typename: 'Map', id: '1' }, null] });
});

test('a hidden value of an enum is null', async () => {
  const answer = await ask('{ odd { ... on Map { state } } }');
  expect(answer.errors).toEqual([]);
  expect(answer.data).toEqual({ odd: { state: null } });
});

test('where null may not be, it is an error as any other null', async () => {
  const objects = await ask('{ sure { id } }');
  expect(objects.data).toEqual({ sure: null });
  expect(objects.errors).toMatchObject([{ path: ['sure', 1] }]);
  const values = await ask('{ odd { ... on Map { frame { state } } } }');
  expect(values.data).toEqual({ odd: { frame: null } });
  expect(values.errors).toMatchObject([
    {
      path: ['odd', 'frame', 'state'],
      message: 'Cannot return null for non-nullable field Frame.state.',
    },
  ]);
});
