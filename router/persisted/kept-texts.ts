/**
 * Texts by their SHA-256 in Redis, for automatic persisted queries. Redis is a convenience that may be flushed, filled by
 * others, down or hung: what it gives is hashed before it is believed, a call takes 50 ms at most, and after one that
 * failed nobody waits for a second. A client whose text is not found sends it again.
 */
import type { Logger } from '@ordergraph/platform/logger.ts';
import { BoundedCache } from '../bounded-cache.ts';
import { openSpareRedis } from '../redis-calls.ts';
import { textHash } from './text-hash.ts';

export type KeptTexts = {
  /** Never rejects; undefined also when Redis cannot tell. */
  find(hash: string): Promise<string | undefined>;
  /** Keeps a text, if it can. The hash must be the text's. */
  keep(hash: string, text: string): void;
  close(): void;
};

const patienceMs = 50;
const keptForSeconds = 7 * 24 * 60 * 60;
/** A longer text is sent each time, so that nobody fills Redis with a few requests; in characters. */
const textMax = 32 * 1024;

/** Texts that this router has seen lately, and their length in all, in characters. */
const seenMax = 1_000;
const seenCharactersMax = 8 * 1024 * 1024;

export function openKeptTexts(url: string, logger: Logger): KeptTexts {
  const redis = openSpareRedis({
    url,
    timeoutMs: patienceMs,
    purpose: 'persisted queries',
    logger,
  });
  const seen = new BoundedCache<string>(seenMax, seenCharactersMax);

  return {
    async find(hash) {
      const known = seen.get(hash);
      if (known !== undefined || !/^[0-9a-f]{64}$/.test(hash)) return known;
      const text = await redis.ask((one) => one.getex(keyOf(hash), 'EX', keptForSeconds));
      if (typeof text !== 'string') return undefined;
      if (textHash(text) !== hash) {
        logger.warn('a text in Redis is not the one that was kept');
        return undefined;
      }
      seen.set(hash, text, hash.length + text.length);
      return text;
    },
    keep(hash, text) {
      if (text.length > textMax || seen.get(hash) !== undefined) return;
      seen.set(hash, text, hash.length + text.length);
      void redis.ask((one) => one.set(keyOf(hash), text, 'EX', keptForSeconds));
    },
    close: () => redis.close(),
  };
}

function keyOf(hash: string): string {
  return `router:text:${hash}`;
}
