/**
 * Which request an error belongs to, for the log. The server formats errors without telling of which request they are; but
 * before that it tells its plugins, together with the request. Contexts it copies, so they cannot be recognised.
 */
import type { ApolloServerPlugin, GraphQLRequestListener, HeaderMap } from '@apollo/server';
import type { Cause } from '@ordergraph/schema/events/envelope.ts';

export class ErrorCauses<C extends object> {
  readonly #byRequest = new WeakMap<HeaderMap, Cause>();
  readonly #byError = new WeakMap<object, Cause>();

  /** @param headers of the request, as the server is given them */
  began(headers: HeaderMap, cause: Cause): void {
    this.#byRequest.set(headers, cause);
  }

  /** What an error's request is filed under: the trace's id, if it has one. */
  correlationOf(error: unknown): string | undefined {
    return typeof error === 'object' && error !== null
      ? this.#byError.get(error)?.correlationId
      : undefined;
  }

  plugin(): ApolloServerPlugin<C> {
    const listener: GraphQLRequestListener<C> = {
      didEncounterErrors: async ({ errors, request: { http } }) => {
        const cause = http && this.#byRequest.get(http.headers);
        if (cause) for (const error of errors) this.#byError.set(error, cause);
      },
    };
    return { requestDidStart: async () => listener };
  }
}
