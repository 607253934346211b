/** How clients name an operation instead of sending its text: `documentId`, `id`, `doc_id`, or by an extension. */
import { bareId } from '@ordergraph/schema/manifests/manifest-file.ts';
import { fault } from '@ordergraph/platform/errors.ts';

export type OperationId = {
  readonly id: string;
  /** Whether it came as `extensions.persistedQuery`: the hash of a text that the client has and may send along. */
  readonly automatic: boolean;
};

const parameters = ['documentId', 'id', 'doc_id'] as const;

type Named = Readonly<Record<string, unknown>>;

/**
 * The id in a request's parameters.
 * @throws BAD_REQUEST for ids that are no text, that differ, or for another version of the extension
 */
export function operationId(request: Named, extensions: Named): OperationId | undefined {
  const hash = hashIn(extensions['persistedQuery']);
  const given = [...parameters.map((name) => idIn(name, request[name])), hash].flatMap(
    (id) => id ?? [],
  );
  const [id] = given;
  if (id === undefined) return undefined;
  if (given.some((other) => other !== id)) {
    throw fault('BAD_REQUEST', 'The request names several operations.');
  }
  return { id, automatic: hash !== undefined };
}

function idIn(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && value !== '') return bareId(value);
  throw fault('BAD_REQUEST', `The parameter "${name}" must be a text.`);
}

function hashIn(extension: unknown): string | undefined {
  if (extension === undefined || extension === null) return undefined;
  const { version, sha256Hash } = Object(extension) as { version?: unknown; sha256Hash?: unknown };
  if (version !== 1) {
    throw fault('BAD_REQUEST', 'Only version 1 of the extension "persistedQuery" is known.');
  }
  return idIn('sha256Hash', sha256Hash);
}
