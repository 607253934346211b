/** For how long a subgraph lets everybody have an answer, by the headers of HTTP that it sends with it. */

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What an answer may vary by without being anybody's own: the router always asks in the same way. */
const harmless = new Set(['accept', 'accept-encoding', 'origin', '']);

/**
 * Milliseconds from the moment that the answer was made; undefined if it is not for everybody, or not to be kept. Whoever
 * says nothing wants nothing kept.
 */
export function publicForMs(headers: Headers): number | undefined {
  const directives = wordsOf(headers['cache-control']);
  const refuses = ['private', 'no-store', 'no-cache'].some((word) =>
    directives.some((directive) => directive === word || directive.startsWith(`${word}=`)),
  );
  if (refuses || !directives.includes('public')) return undefined;
  if (wordsOf(headers['vary']).some((name) => !harmless.has(name))) return undefined;
  const maxAge = directives.find((directive) => directive.startsWith('max-age='));
  const seconds = /^max-age=(\d{1,9})$/.exec(maxAge ?? '')?.[1];
  const ageS = /^\d{1,9}$/.exec(wordsOf(headers['age']).join())?.[0] ?? '0';
  const forMs = (Number(seconds ?? 0) - Number(ageS)) * 1000;
  return forMs > 0 ? forMs : undefined;
}

function wordsOf(header: string | readonly string[] | undefined): readonly string[] {
  const text = typeof header === 'string' ? header : (header ?? []).join(',');
  return text.split(',').map((word) => word.trim().toLowerCase());
}
