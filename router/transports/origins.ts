/**
 * Requests that a browser makes for a foreign page. A "simple" request goes out without the browser asking first, so
 * it is refused, reads included; what needs a preflight is answered for allowed origins only.
 */
import type { IncomingHttpHeaders } from 'node:http';

const preflightHeaders = [
  'x-apollo-operation-name',
  'apollo-require-preflight',
  'x-graphql-csrf',
  'x-api-key',
];
/** What browsers say of requests that no other page has made. */
const ownSites: ReadonlySet<string> = new Set(['same-origin', 'none']);
const simpleTypes = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'];

/**
 * Whether a browser may have sent this for a page of another origin, without asking first. A simple request that no browser
 * sent is none: a client's plain GET has no `Origin`, and nothing in `Sec-Fetch-Site`.
 */
export function isForeignRequest(
  headers: IncomingHttpHeaders,
  allowed: readonly string[],
): boolean {
  if (!isSimpleRequest(headers)) return false;
  const site = headers['sec-fetch-site'];
  return (site !== undefined && !ownSites.has(site)) || !originAllowed(headers, allowed);
}

/** Whether a browser would have sent this request without a preflight. */
function isSimpleRequest(headers: IncomingHttpHeaders): boolean {
  if (preflightHeaders.some((name) => headers[name])) return false;
  const type = mediaType(headers['content-type']);
  return type === '' || simpleTypes.includes(type);
}

/** A content type without its parameters, in small letters; empty if there is none. */
export function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** Whether a page of this origin may call: no origin (no browser), the router's own, or an allowed one. */
export function originAllowed(headers: IncomingHttpHeaders, allowed: readonly string[]): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  if (allowed.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** CORS headers for a page of an allowed origin; none for others, which makes the browser keep the answer from it. */
export function corsHeaders(
  headers: IncomingHttpHeaders,
  allowed: readonly string[],
): Readonly<Record<string, string>> {
  const { origin } = headers;
  if (origin === undefined || !allowed.includes(origin)) return { vary: 'origin' };
  return {
    vary: 'origin',
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers':
      'authorization, content-type, accept, last-event-id, traceparent, x-api-key, ' +
      'x-apollo-operation-name, apollo-require-preflight, x-graphql-csrf, ' +
      'apollographql-client-name, apollographql-client-version',
    'access-control-max-age': '7200',
  };
}
