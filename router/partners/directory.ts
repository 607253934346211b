/**
 * The partners as this router knows them, all in memory: whoever sends random keys costs no query.
 *
 * What is known is read again at every notification of a change, and every half second without one, and is believed for
 * two seconds from when it was asked for. So a revoked key is refused within milliseconds while notifications arrive,
 * and within two seconds whatever happens: a router whose database does not answer refuses partners until it does.
 */
import type { Database } from '@ordergraph/platform/database.ts';
import { fault } from '@ordergraph/platform/errors.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { isKeyOf, prefixOf } from './api-key.ts';
import { partnerChanges, type LiveKey, type LivePartner } from '../store/live-partners.ts';
import { partnerChannel } from '../store/partners.ts';
import { withinTime } from './within-time.ts';

export type Partner = Omit<LivePartner, 'keys'>;

/** A partner as it was when it showed a key, and which. */
export type PartnerAccess = Partner & { readonly keyPrefix: string };

export type Directory = {
  /** Whose key this is; undefined if it is nobody's. @throws SERVICE_UNAVAILABLE while that cannot be known */
  authenticate(key: string): Promise<PartnerAccess | undefined>;
  /** The partner as it is now; undefined if its key is no longer good. @throws SERVICE_UNAVAILABLE */
  standing(access: PartnerAccess): Promise<Partner | undefined>;
  /** Calls once when the key of an access is no longer good. Returns how to listen no more. */
  onEnd(access: PartnerAccess, listener: () => void): () => void;
  close(): Promise<void>;
};

export type DirectoryOptions = {
  readonly logger: Logger;
  /** How often to look without a notification. */
  readonly pollMs?: number;
  /** How long what was read is believed. */
  readonly believedMs?: number;
};

type KnownKey = {
  readonly hash: string;
  readonly partner: Partner;
  /** By `performance.now()`; the wall clock of this machine may be wrong. */
  readonly endsAtMs: number;
};

/** How long a caller waits for what is known to be read again. */
const patienceMs = 1_000;

/** After this a read is given up, and the next one takes another connection. */
const readTimeoutMs = 5_000;

/** Reads all partners and begins to follow their changes. @throws Error if they cannot be read */
export async function openDirectory(
  sql: Database,
  { logger, pollMs = 500, believedMs = 2_000 }: DirectoryOptions,
): Promise<Directory> {
  const keys = new Map<string, KnownKey>();
  const prefixesOf = new Map<string, readonly string[]>();
  const listeners = new Map<string, Set<() => void>>();
  let revision = 0;
  let believedUntilMs = 0;

  const end = (prefix: string): void => {
    keys.delete(prefix);
    const concerned = listeners.get(prefix);
    listeners.delete(prefix);
    for (const listener of concerned ?? []) listener();
  };

  const learn = ({ keys: live, ...partner }: LivePartner, askedAtMs: number): void => {
    const before = prefixesOf.get(partner.id) ?? [];
    for (const key of live) keys.set(key.prefix, known(key, partner, askedAtMs));
    const now = live.map(({ prefix }) => prefix);
    prefixesOf.set(partner.id, now);
    for (const prefix of before) if (!now.includes(prefix)) end(prefix);
  };

  const read = async (): Promise<void> => {
    const askedAtMs = performance.now();
    const changes = await withinTime(partnerChanges(sql, revision), readTimeoutMs);
    if (changes.all) {
      const present = new Set(changes.partners.map(({ id }) => id));
      for (const [id, prefixes] of prefixesOf) if (!present.has(id)) prefixes.forEach(end);
    }
    for (const partner of changes.partners) learn(partner, askedAtMs);
    revision = changes.revision;
    believedUntilMs = askedAtMs + believedMs;
    for (const [prefix, key] of keys) if (key.endsAtMs <= askedAtMs) end(prefix);
  };

  const refresh = oneAtATime(read);
  const refreshQuietly = (): void => {
    refresh().catch((error: unknown) => logger.warn({ err: error }, 'partners cannot be read'));
  };
  const beSure = async (): Promise<void> => {
    if (performance.now() < believedUntilMs) return;
    await withinTime(refresh(), patienceMs).catch(() => undefined);
    if (performance.now() < believedUntilMs) return;
    throw fault('SERVICE_UNAVAILABLE', 'API keys cannot be checked at the moment.');
  };
  const good = (prefix: string): KnownKey | undefined => {
    const key = keys.get(prefix);
    return key && performance.now() < key.endsAtMs ? key : undefined;
  };

  await read();
  // Heard again after each reconnection, with a look at what was missed meanwhile.
  const listening = sql.listen(partnerChannel, refreshQuietly, refreshQuietly);
  listening.catch((error: unknown) => logger.warn({ err: error }, 'changes are not heard'));
  const poll = setInterval(refreshQuietly, pollMs);

  return {
    async authenticate(text) {
      const prefix = prefixOf(text);
      if (prefix === undefined) return undefined;
      await beSure();
      const key = good(prefix);
      const same = isKeyOf(text, key?.hash ?? noHash);
      return key && same ? { ...key.partner, keyPrefix: prefix } : undefined;
    },
    async standing({ keyPrefix }) {
      await beSure();
      return good(keyPrefix)?.partner;
    },
    onEnd({ keyPrefix }, listener) {
      const concerned = listeners.get(keyPrefix) ?? new Set();
      listeners.set(keyPrefix, concerned);
      // A function of its own, so that one listener given twice counts twice.
      const own = (): void => listener();
      concerned.add(own);
      if (!good(keyPrefix)) end(keyPrefix);
      return () => {
        concerned.delete(own);
        if (concerned.size === 0 && listeners.get(keyPrefix) === concerned) {
          listeners.delete(keyPrefix);
        }
      };
    },
    async close() {
      clearInterval(poll);
      await listening.then((heard) => heard.unlisten()).catch(() => undefined);
    },
  };
}

/** Compared with where there is no key of a prefix, so that this takes as long. */
const noHash = '0'.repeat(64);

function known(key: LiveKey, partner: Partner, askedAtMs: number): KnownKey {
  // Counted from before the question: a key may end a moment early, never late.
  return { hash: key.hash, partner, endsAtMs: askedAtMs + (key.endsInMs ?? Infinity) };
}

/** Runs one at a time; who asks while it runs shares one further run, which sees all that was there when they asked. */
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const start = (): Promise<void> => {
    const run = work().finally(() => {
      if (running === run) running = undefined;
    });
    running = run;
    return run;
  };
  const startNext = (): Promise<void> => {
    next = undefined;
    return start();
  };
  return () => {
    if (!running) return start();
    next ??= running.then(startNext, startNext);
    return next;
  };
}
