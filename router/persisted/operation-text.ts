/**
 * Which text a request stands for, decided after the caller is known and before anything is read of it:
 *
 *   a partner   only what is in its manifest, by id. A text of its own is PERSISTED_QUERY_ONLY, an id of another partner
 *               or of none PERSISTED_QUERY_NOT_FOUND, without a difference between the two.
 *   a person    the text sent along, or the one that was kept under its hash when somebody sent both.
 *   anybody     the text sent along; nothing is kept for those who are nobody.
 */
import { fault } from '@ordergraph/platform/errors.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { wrongKey } from '../partners/credentials.ts';
import type { Directory, PartnerAccess } from '../partners/directory.ts';
import type { PublishedOperations } from '../partners/published-operations.ts';
import type { Caller, OperationRequest } from '../request.ts';
import type { KeptTexts } from './kept-texts.ts';
import { textHash } from './text-hash.ts';

export type OperationTexts = {
  /**
   * The request with the text that it stands for.
   * @throws a fault: PERSISTED_QUERY_NOT_FOUND, PERSISTED_QUERY_ONLY, BAD_REQUEST, UNAUTHENTICATED, SERVICE_UNAVAILABLE
   */
  resolve(request: OperationRequest, caller: Caller): Promise<OperationRequest>;
  /** To be told of a resolved request whose text turned out to be a valid operation. */
  proved(request: OperationRequest, caller: Caller): void;
};

export type OperationTextParts = {
  /** Undefined for a router without partners. */
  readonly partners:
    | { readonly directory: Directory; readonly operations: PublishedOperations }
    | undefined;
  /** Undefined for a router that keeps no texts. */
  readonly kept: KeptTexts | undefined;
  readonly logger: Logger;
};

export function createOperationTexts({
  partners,
  kept,
  logger,
}: OperationTextParts): OperationTexts {
  const published = async (request: OperationRequest, shown: PartnerAccess): Promise<string> => {
    const partner = await partners?.directory.standing(shown);
    if (!partners || !partner) throw wrongKey();
    const { operationId, query } = request;
    if (operationId === undefined) throw persistedOnly();
    const found = await partners.operations
      .find(partner, operationId.id)
      .catch((error: unknown) => {
        logger.warn({ err: error }, 'published operations cannot be read');
        throw fault('SERVICE_UNAVAILABLE', 'Published operations cannot be read at the moment.');
      });
    if (query !== '' && query !== found?.text) throw persistedOnly();
    if (!found) throw notFound();
    return found.text;
  };

  const automatic = async (request: OperationRequest, caller: Caller): Promise<string> => {
    const { operationId, query } = request;
    if (operationId === undefined || (query !== '' && !operationId.automatic)) return query;
    if (query === '') {
      const text =
        operationId.automatic && isPerson(caller) ? await kept?.find(operationId.id) : undefined;
      if (text === undefined) throw notFound();
      return text;
    }
    if (textHash(query) !== operationId.id) {
      throw fault('BAD_REQUEST', 'The hash is not that of the query.');
    }
    return query;
  };

  return {
    async resolve(request, caller) {
      const query = caller.partner
        ? await published(request, caller.partner)
        : await automatic(request, caller);
      return query === request.query ? request : { ...request, query };
    },
    proved({ query, operationId }, caller) {
      if (operationId?.automatic && isPerson(caller)) kept?.keep(operationId.id, query);
    },
  };
}

function isPerson({ identity, partner }: Caller): boolean {
  return identity.subject !== null && partner === undefined;
}

/** The message is what clients of automatic persisted queries look for. */
function notFound() {
  return fault('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
}

function persistedOnly() {
  return fault('PERSISTED_QUERY_ONLY', 'Only operations of your published manifest can be run.');
}
