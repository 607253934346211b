/**
 * A client's manifest of operations, in the forms that their tools write: Apollo's `apollo-persisted-query-manifest`
 * version 1, and Relay's `{ "<hash>": "<text>" }`, also as a list of pairs.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';

export type ManifestOperation = {
  readonly id: string;
  readonly text: string;
  /** What the manifest says of it, where the form says it. */
  readonly name?: string;
  readonly type?: 'query' | 'mutation' | 'subscription';
};

export type ManifestForm = 'apollo' | 'relay';

export type Manifest = {
  readonly form: ManifestForm;
  readonly operations: readonly ManifestOperation[];
};

/** Why an operation cannot be published; `operation` is its name, or its id where it has none. */
export type ManifestFault = {
  readonly operation: string;
  /** The schema coordinate at fault, for example `Order.total`. */
  readonly field?: string;
  readonly reason: string;
};

/** Thrown for a text that is no manifest in any form. */
export class NotAManifest extends Error {
  override readonly name = 'NotAManifest';
}

export const manifestBounds = {
  operationsMax: 2_000,
  /** Of one operation's text and of all together, in characters. */
  textMax: 64 * 1024,
  textsMax: 4 * 1024 * 1024,
} as const;

const apolloForm = z.object({
  format: z.literal('apollo-persisted-query-manifest'),
  version: z.literal(1),
  operations: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      type: z.enum(['query', 'mutation', 'subscription']),
      body: z.string(),
    }),
  ),
});
const relayPairs = z.array(z.tuple([z.string(), z.string()]));
const relayForm = z.record(z.string(), z.string());

/** Reads a manifest. @throws NotAManifest, telling where it departs from the form that it seems to have */
export function readManifest(text: string): Manifest {
  const content = json(text);
  const isApollo = typeof content === 'object' && content !== null && 'format' in content;
  const manifest = isApollo ? readApollo(content) : readRelay(content);
  const { operations } = manifest;
  if (operations.length === 0) throw new NotAManifest('The manifest has no operation.');
  const { operationsMax, textsMax } = manifestBounds;
  const length = operations.reduce((sum, operation) => sum + operation.text.length, 0);
  if (operations.length > operationsMax || length > textsMax) {
    throw new NotAManifest(
      `A manifest has at most ${operationsMax} operations of ${textsMax} characters in all.`,
    );
  }
  return manifest;
}

function readApollo(content: object): Manifest {
  const read = apolloForm.safeParse(content);
  if (!read.success) {
    throw new NotAManifest(
      `Not an apollo-persisted-query-manifest of version 1:\n${z.prettifyError(read.error)}`,
    );
  }
  const operations = read.data.operations.map(({ id, name, type, body }) => ({
    id: bareId(id),
    name,
    type,
    text: body,
  }));
  return { form: 'apollo', operations };
}

function readRelay(content: unknown): Manifest {
  const pairs = Array.isArray(content)
    ? relayPairs.safeParse(content).data
    : Object.entries(relayForm.safeParse(content).data ?? {});
  if (pairs === undefined || (pairs.length === 0 && !isEmptyObject(content))) {
    throw new NotAManifest(
      'Neither an apollo-persisted-query-manifest nor a JSON object of texts by their hash.',
    );
  }
  return { form: 'relay', operations: pairs.map(([id, text]) => ({ id: bareId(id), text })) };
}

/** An id without the prefix that GraphQL over HTTP gives to SHA-256 hashes. */
export function bareId(id: string): string {
  return id.startsWith('sha256:') ? id.slice('sha256:'.length) : id;
}

/** Tools make ids by one of these; an id that looks like such a hash must be the hash of its text. */
const hashesByLength: Readonly<Record<number, string>> = {
  32: 'md5',
  40: 'sha1',
  64: 'sha256',
  128: 'sha512',
};

/** Why the id of an operation cannot be used. */
export function idFault({ id, text }: ManifestOperation): string | undefined {
  if (!/^[\w.:/+=-]{1,256}$/.test(id)) {
    return 'an id has 1 to 256 letters, digits and . _ : / + = -';
  }
  const algorithm = /^[0-9a-f]+$/i.test(id) ? hashesByLength[id.length] : undefined;
  if (algorithm === undefined) return undefined;
  const hash = createHash(algorithm).update(text).digest('hex');
  return hash === id ? undefined : `the id is not the ${algorithm} of the text`;
}

function isEmptyObject(content: unknown): boolean {
  return typeof content === 'object' && content !== null && Object.keys(content).length === 0;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new NotAManifest('The manifest is not JSON.');
  }
}
