/** The IDE in the browser, outside production. The page carries all its scripts; its policy lets nothing else in. */
export const graphiqlHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'self'; script-src 'self' 'unsafe-inline' blob:; worker-src 'self' blob:; " +
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'",
};

const firstQuery = `# To call as a customer, put {"Authorization": "Bearer <token>"} into Headers.
{
  __typename
}
`;

/** The page, made at the first call: the package is large, and production never needs it. */
export function createGraphiql(endpoint: string): () => Promise<string> {
  let page: Promise<string> | undefined;
  return () => {
    page ??= import('@graphql-yoga/render-graphiql').then(({ renderGraphiQL }) =>
      renderGraphiQL({ title: 'Ordergraph', endpoint, defaultQuery: firstQuery }),
    );
    return page;
  };
}
