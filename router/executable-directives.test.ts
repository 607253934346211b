/** Directives that subgraphs define for operations: clients may use them, and subgraphs get them. */
import { expect, test } from 'vitest';
import { smallGraph } from './test/federation/small-graph.ts';

const shelf = (fallback: string, linked: boolean): string => `
  ${linked ? 'extend schema @link(url: "https://words.test/tone/v1.0", import: ["@tone"]) @composeDirective(name: "@tone")' : ''}
  directive @tone(mood: Mood!${fallback}, loud: Boolean = false) on FIELD
  enum Mood { DRY SALTY }
`;

const graphOf = (linked: boolean) =>
  smallGraph({
    harbour: {
      sdl: `${shelf(linked ? '' : ' = DRY', linked)}
        type Query { song: Song  hum: String }
        type Song @key(fields: "id") { id: ID!  title: String }
      `,
      resolvers: { Query: { song: () => ({ id: '1', title: 'Reel' }), hum: () => 'mm' } },
    },
    tavern: {
      sdl: `${shelf(' = DRY', linked)}
        type Song @key(fields: "id") { id: ID!  verse: String  chorus: String }
      `,
      resolvers: {
        Song: { __resolveReference: ({ id }: { id: string }) => ({ id, verse: 'v', chorus: 'c' }) },
      },
    },
  });

test.each([
  ['that all of them define', false],
  ['that they link to', true],
])('subgraphs get a directive %s, with the arguments it has by default', async (_, linked) => {
  const answer = await graphOf(linked)(`{
    song { title @tone verse @tone(loud: true) chorus @tone(mood: SALTY) }
    hum
  }`);
  expect(answer.errors).toEqual([]);
  expect(answer.data).toEqual({ song: { title: 'Reel', verse: 'v', chorus: 'c' }, hum: 'mm' });
  const sent = (name: string): string => (answer.requests.get(name) ?? []).join();
  expect(sent('harbour')).toContain('title@tone(mood:DRY loud:false)');
  expect(sent('tavern')).toContain('verse@tone(loud:true mood:DRY)');
  expect(sent('tavern')).toContain('chorus@tone(mood:SALTY loud:false)');
});
