/**
 * Kept texts in Redis that end by themselves when what they depend on changes. The protocol:
 *
 * - A tag has a version, which is a random text and never comes again. Whoever looks something up reads the versions of its
 *   tags in the same call; a tag that has none gets a new one.
 * - What is found missing is fetched *after* that, and kept with the versions that were read *before*. It is good for as long
 *   as its tags have just these versions.
 * - A change takes the versions of its tags away. An answer that was on its way by then is kept with versions that no longer
 *   hold, and is never given out.
 *
 * So nothing has to be found and deleted, and losing something only loses entries: a flush, an eviction, a tag that came to
 * its end leave a tag without a version, and the next one is another. What must not be lost is a change: `renew` tells
 * whether it arrived.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { redisScript, runScript, type SpareRedis } from '../redis-calls.ts';
import type { Tag } from './tags.ts';

export type Sought = { readonly key: string; readonly tags: readonly Tag[] };

export type Found =
  | {
      readonly kind: 'hit';
      readonly text: string;
      /** For which it is still good. */
      readonly remainingMs: number;
    }
  | {
      readonly kind: 'miss';
      /** Of its tags; to be given back when it is kept. */
      readonly versions: string;
    };

export type Entry = {
  readonly key: string;
  readonly text: string;
  readonly versions: string;
  readonly forMs: number;
};

export type VersionedStore = {
  /** In one call, in the order of what is sought. Never rejects; undefined if Redis cannot tell. */
  find(sought: readonly Sought[]): Promise<readonly Found[] | undefined>;
  /** Keeps a text, if it can. What is too long is left out. */
  keep(entry: Entry): void;
  /** Ends all that depends on a tag. False if that may not have happened. */
  renew(tags: readonly Tag[]): Promise<boolean>;
};

export type VersionedStoreOptions = {
  readonly redis: SpareRedis;
  /** Routers that share it share what is kept. */
  readonly secret: string;
  readonly entryBytesMax: number;
};

/** A tag ends after a day, and what depends on it with it: nothing is kept for longer. */
const tagLifeMs = 24 * 60 * 60 * 1000;

/**
 * Keys: tags, then entries. Arguments: how many tags, a new version, its life, then for each entry the places of its tags.
 * Gives for each entry its text and remaining time, or the versions of its tags.
 */
const finding = redisScript(`
local tags, versions, found = tonumber(ARGV[1]), {}, {}
for i = 1, tags do
  local version = redis.call('GET', KEYS[i])
  if not version then
    version = ARGV[2]
    redis.call('SET', KEYS[i], version, 'PX', ARGV[3])
  end
  versions[i] = version
end
for i = tags + 1, #KEYS do
  local own = {}
  for place in string.gmatch(ARGV[3 + i - tags], '%d+') do own[#own + 1] = versions[tonumber(place)] end
  local current = table.concat(own, ' ')
  local kept = redis.call('GET', KEYS[i])
  if kept and string.sub(kept, 1, #current + 1) == current .. '\\n' then
    found[#found + 1] = { string.sub(kept, #current + 2), redis.call('PTTL', KEYS[i]) }
  else
    found[#found + 1] = { current }
  end
end
return found`);

export function createVersionedStore(options: VersionedStoreOptions): VersionedStore {
  const { redis, secret, entryBytesMax } = options;
  const hash = (text: string): string =>
    createHmac('sha256', secret).update(text).digest('base64url').slice(0, 27);
  // In braces, so that a cluster has them all in one place.
  const prefix = `ordergraph:cache:{${hash('cache')}}:`;
  const tagKey = (tag: Tag): string => `${prefix}tag:${hash(tag)}`;
  const entryKey = (key: string): string => `${prefix}entry:${key}`;

  return {
    async find(sought) {
      const places = new Map<Tag, number>();
      for (const tag of sought.flatMap(({ tags }) => tags)) {
        if (!places.has(tag)) places.set(tag, places.size + 1);
      }
      const answer = await redis.ask((one) =>
        runScript(one, finding, {
          keys: [...[...places.keys()].map(tagKey), ...sought.map(({ key }) => entryKey(key))],
          values: [
            places.size,
            randomBytes(12).toString('base64url'),
            tagLifeMs,
            ...sought.map(({ tags }) => tags.map((tag) => places.get(tag)).join(' ')),
          ],
        }),
      );
      return Array.isArray(answer) && answer.length === sought.length
        ? answer.map(foundIn)
        : undefined;
    },
    keep({ key, text, versions, forMs }) {
      const entry = `${versions}\n${text}`;
      const lifeMs = Math.min(Math.floor(forMs), tagLifeMs);
      if (lifeMs <= 0 || Buffer.byteLength(entry) > entryBytesMax) return;
      void redis.ask((one) => one.set(entryKey(key), entry, 'PX', lifeMs));
    },
    async renew(tags) {
      return (await redis.ask((one) => one.del(...tags.map(tagKey)))) !== undefined;
    },
  };
}

function foundIn(answer: unknown): Found {
  const [text, remainingMs]: unknown[] = Array.isArray(answer) ? answer : [];
  if (typeof text !== 'string') return { kind: 'miss', versions: '' };
  if (typeof remainingMs !== 'number') return { kind: 'miss', versions: text };
  return { kind: 'hit', text, remainingMs };
}
