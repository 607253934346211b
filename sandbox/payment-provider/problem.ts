/** A refusal as a client sees it: HTTP status and the members of the `error` object. */
export type Problem = {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly param: string | null;
};

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Problem };

export const accept = <T>(value: T): Result<T> => ({ ok: true, value });

export const refuse = (
  status: number,
  code: string,
  message: string,
  param: string | null = null,
): Result<never> => ({
  ok: false,
  problem: { status, code, message, param },
});

export const problemBody = ({ code, message, param }: Problem): string =>
  JSON.stringify({ error: { code, message, param } });
