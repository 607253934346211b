/** Which of our answers a client would have. */
export type AnswerForm =
  /** `application/graphql-response+json`: the status tells how the request fared. */
  | 'graphql-response'
  /** `application/json` because nothing was asked for: the same status. */
  | 'json'
  /** `application/json` because it was asked for: 200 for whatever is a GraphQL answer, as old clients expect. */
  | 'legacy-json'
  | 'sse'
  | 'multipart'
  | 'html';

const forms: Readonly<Record<string, AnswerForm>> = {
  'application/graphql-response+json': 'graphql-response',
  'application/json': 'legacy-json',
  'application/*': 'json',
  '*/*': 'json',
  'text/event-stream': 'sse',
  'text/html': 'html',
};

/** The forms that a client accepts, best first; empty if we have none of them. */
export function acceptedForms(accept: string | undefined): readonly AnswerForm[] {
  if (accept === undefined || accept.trim() === '') return ['json'];
  return accept
    .split(',')
    .flatMap((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
      const form = type === 'multipart/mixed' ? multipart(parameters) : forms[type];
      return form ? [{ form, quality: quality(parameters) }] : [];
    })
    .filter((range) => range.quality > 0)
    .toSorted((a, b) => b.quality - a.quality)
    .map(({ form }) => form);
}

function multipart(parameters: readonly string[]): AnswerForm | undefined {
  const version = parameters.find((parameter) => parameter.startsWith('subscriptionspec='));
  return version && /^subscriptionspec="?1(\.0)?"?$/.test(version) ? 'multipart' : undefined;
}

function quality(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => parameter.startsWith('q='));
  const value = given ? Number(given.slice(2)) : 1;
  return Number.isFinite(value) ? value : 0;
}
