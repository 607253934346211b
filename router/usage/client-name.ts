/** What a client calls itself. Anybody may say anything here: it is for statistics, and bounded. */
import type { IncomingHttpHeaders } from 'node:http';

const lengthMax = 64;

export function clientName(headers: IncomingHttpHeaders): string {
  const given = headers['apollographql-client-name'] ?? headers['graphql-client-name'];
  return bounded(Array.isArray(given) ? given[0] : given);
}

/** Of what a WebSocket client shows in `connection_init`; otherwise what its headers said. */
export function clientNameIn(
  parameters: Readonly<Record<string, unknown>>,
  otherwise: string,
): string {
  const given = parameters['apollographql-client-name'] ?? parameters['graphql-client-name'];
  return typeof given === 'string' ? bounded(given) : otherwise;
}

function bounded(name: string | undefined): string {
  return (name ?? '')
    .replaceAll(/[^\x20-\x7e]/g, '')
    .trim()
    .slice(0, lengthMax);
}
