/** Clients that ask something together, and can be made to go away without its answer. */
import { request } from 'undici';

/** @param headers besides the usual ones */
export function leavingClients(
  { url, headers = {} }: { readonly url: string; readonly headers?: Record<string, string> },
  count: number,
  query: string,
) {
  const leaving = new AbortController();
  const asked = Array.from({ length: count }, async () => {
    try {
      const {
        statusCode,
        headers: answered,
        body,
      } = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query }),
        signal: leaving.signal,
      });
      return { status: statusCode, headers: answered, text: await body.text() };
    } catch {
      return undefined;
    }
  });
  return {
    /** What those were answered who did not leave first; to be awaited after they have. */
    answers: async () => (await Promise.all(asked)).filter((answer) => answer !== undefined),
    async leave() {
      leaving.abort();
      await Promise.all(asked);
    },
  };
}
