import { problemBody, type Problem } from './problem.ts';

/** `never` leaves the request open; a stream is sent piece by piece. */
export type Answer =
  | {
      readonly kind: 'json';
      readonly status: number;
      readonly body: string;
      readonly replayed?: boolean;
    }
  | { readonly kind: 'stream'; readonly contentType: string; readonly pieces: Iterable<string> }
  | { readonly kind: 'never' };

export const json = (status: number, value: unknown): Answer => ({
  kind: 'json',
  status,
  body: JSON.stringify(value),
});

export const problem = (value: Problem): Answer => ({
  kind: 'json',
  status: value.status,
  body: problemBody(value),
});

/** The object, or 404 when there is none. */
export const found = (value: unknown): Answer => {
  if (value !== undefined) return json(200, value);
  return problem({
    status: 404,
    code: 'not_found',
    message: 'There is no such object.',
    param: 'id',
  });
};
