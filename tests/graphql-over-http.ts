/** One GraphQL request over HTTP, and its answer as it came. */
import { expect } from 'vitest';
import { z } from 'zod';

const errorSchema = z.object({
  message: z.string(),
  path: z.array(z.union([z.string(), z.number()])).optional(),
  extensions: z
    .looseObject({
      code: z.string(),
      service: z.string().optional(),
      field: z.array(z.string()).optional(),
    })
    .optional(),
});
const answerSchema = z.object({
  data: z.unknown().optional(),
  errors: z.array(errorSchema).optional(),
});

export type AnsweredError = z.infer<typeof errorSchema>;

export type Answer = {
  readonly status: number;
  /** The body before it was read, to look for what must not be in it. */
  readonly text: string;
  readonly data: unknown;
  readonly errors: readonly AnsweredError[];
};

export type Operation = {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
};

/** Posts an operation, or any other body. @throws if nothing was answered, or what was answered is not GraphQL */
export async function postGraphql(
  url: string,
  body: Operation | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const { data, errors = [] } = answerSchema.parse(JSON.parse(text));
  return { status: response.status, text, data, errors };
}

/** The codes of an answer's errors, in their order. */
export function codesIn({ errors }: Pick<Answer, 'errors'>): (string | undefined)[] {
  return errors.map(({ extensions }) => extensions?.code);
}

/** Neither stack traces nor hosts, programs, tables or the names of what was not asked for. */
export function expectNothingTold({ text }: Answer): void {
  expect(text).not.toMatch(
    /\bat .+:\d+:\d+|node_modules|127\.0\.0\.1|postgres|sql|relation|ECONN|did you mean/i,
  );
}
