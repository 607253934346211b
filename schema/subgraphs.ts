/** The subgraphs of the supergraph, with the addresses they have in development. */
export const subgraphs = [
  { name: 'order', url: 'http://127.0.0.1:4001/graphql' },
  { name: 'inventory', url: 'http://127.0.0.1:4002/graphql' },
  { name: 'payment', url: 'http://127.0.0.1:4003/graphql' },
  { name: 'notification', url: 'http://127.0.0.1:4004/graphql' },
  { name: 'analytics', url: 'http://127.0.0.1:4005/graphql' },
] as const;

export type SubgraphName = (typeof subgraphs)[number]['name'];
