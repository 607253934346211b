/** Apollo Client, as pages use it: subscriptions as multipart answers by its own link. */
import { ApolloClient, CombinedGraphQLErrors, CombinedProtocolErrors } from '@apollo/client/core';
import { InMemoryCache } from '@apollo/client/cache';
import { HttpLink } from '@apollo/client/link/http';
import type { Received } from '@ordergraph/router/test/clients.ts';
import { parse } from 'graphql';
import type { Operation } from './graphql-over-http.ts';

export function overApollo(
  url: string,
  { query, variables }: Operation,
  headers: Readonly<Record<string, string>> = {},
): Received {
  const client = new ApolloClient({
    link: new HttpLink({ uri: url, headers: { ...headers } }),
    cache: new InMemoryCache(),
  });
  const received: Received = { results: [], end: undefined, stop: () => undefined };
  const subscription = client
    .subscribe({ query: parse(query), variables: { ...variables }, fetchPolicy: 'no-cache' })
    .subscribe({
      next({ data, error }) {
        if (error) received.end = toldBy(error);
        else received.results.push({ data });
      },
      error(error) {
        received.end ??= toldBy(error);
      },
      complete() {
        received.end ??= 'complete';
      },
    });
  received.stop = () => {
    subscription.unsubscribe();
    client.stop();
  };
  return received;
}

/** The errors that the router told, or what kept the client from hearing any. */
function toldBy(error: unknown): unknown {
  return CombinedProtocolErrors.is(error) || CombinedGraphQLErrors.is(error) ? error.errors : error;
}
