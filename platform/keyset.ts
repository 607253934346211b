/** Keyset pages: a cursor holds the sort key of an entry, and the next page starts behind it. */
import { z } from 'zod';
import { badUserInput } from './errors.ts';

const pageMax = 100;
const keySchema = z.array(z.union([z.string(), z.number()]));

export function encodeCursor(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** The key in a cursor of `length` parts. @throws BAD_USER_INPUT if the cursor was not made by `encodeCursor`. */
export function decodeCursor(cursor: string, length: number): readonly (string | number)[] {
  try {
    const key = keySchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    if (key.length === length) return key;
  } catch {
    // Told to the caller below: whatever is wrong with it, it is no cursor.
  }
  throw badUserInput('This is not a cursor of this list.', ['after']);
}

/** The page size asked for. @throws BAD_USER_INPUT outside 1 to 100. */
export function pageSize(first: number | null | undefined, byDefault = 20): number {
  const size = first ?? byDefault;
  if (!Number.isInteger(size) || size < 1 || size > pageMax) {
    throw badUserInput(`first must be from 1 to ${pageMax}.`, ['first']);
  }
  return size;
}

export type Connection<N> = {
  readonly edges: readonly { readonly cursor: string; readonly node: N }[];
  readonly nodes: readonly N[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
};

/** Makes a Relay connection of rows read with `limit size + 1`; `continued` tells whether a cursor was given. */
export function toConnection<N>(
  rows: readonly N[],
  page: { size: number; continued: boolean; keyOf: (node: N) => readonly (string | number)[] },
): Connection<N> {
  const edges = rows
    .slice(0, page.size)
    .map((node) => ({ cursor: encodeCursor(page.keyOf(node)), node }));
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: {
      hasNextPage: rows.length > page.size,
      hasPreviousPage: page.continued,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
