/**
 * Hears events as they are published, as a plain subscriber: what is published to a stream reaches those as well, at once and
 * without leaving anything behind. What is published while nobody listens is missed. So:
 *
 *   connecting → listening  once the server knows the subscriptions; told as `onListening`, since something may be missed
 *   listening  → deaf       when the connection is lost, or has not answered two pings
 *   deaf       → listening  as in the beginning
 */
import { natsOptions } from '@ordergraph/platform/nats-options.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { connect, type NatsConnection } from '@nats-io/transport-node';

export type EventListener = {
  readonly isListening: boolean;
  close(): Promise<void>;
};

export type EventListenerOptions = {
  readonly url: string;
  readonly subjects: readonly string[];
  /** @param subject of those above, whatever its wildcards stand for */
  readonly onEvent: (subject: string, payload: string) => void;
  /** From now on everything is heard; before, something may have been missed. */
  readonly onListening: () => void;
  /** From now on something may be missed. */
  readonly onDeaf: () => void;
  readonly logger: Logger;
};

const retryMs = 250;
const connectTimeoutMs = 3_000;
/** A connection that has died without a word is noticed after two of these. */
const pingIntervalMs = 2_000;

export function listenToEvents(options: EventListenerOptions): EventListener {
  const { url, subjects, onEvent, onListening, onDeaf, logger } = options;
  const closing = Promise.withResolvers<void>();
  let connection: NatsConnection | undefined;
  let isListening = false;
  let isClosed = false;

  const listening = async (to: NatsConnection): Promise<void> => {
    // The server has read the subscriptions when it answers this.
    await to.flush();
    if (isClosed || to.isClosed()) return;
    isListening = true;
    onListening();
    logger.info({ subjects }, 'changes are heard from NATS');
  };
  const deaf = (): void => {
    if (!isListening) return;
    isListening = false;
    onDeaf();
    if (!isClosed) logger.warn('NATS is away: changes are not heard');
  };

  const follow = async (to: NatsConnection): Promise<void> => {
    for (const subject of subjects) {
      to.subscribe(subject, {
        callback: (error, message) => {
          if (error) logger.error({ err: error, subject }, 'a subject cannot be listened to');
          else onEvent(subject, message.string());
        },
      });
    }
    const statuses = to.status();
    await listening(to);
    for await (const { type } of statuses) {
      if (type === 'disconnect' || type === 'close') deaf();
      if (type === 'reconnect') await listening(to).catch(() => undefined);
    }
  };

  const run = async (): Promise<void> => {
    while (!isClosed) {
      try {
        connection = await connect({
          ...natsOptions(url, 'router'),
          timeout: connectTimeoutMs,
          pingInterval: pingIntervalMs,
          maxPingOut: 2,
        });
        if (isClosed) await connection.close();
        else await follow(connection);
      } catch (error) {
        logger.debug({ err: error }, 'NATS is unreachable');
      }
      deaf();
      if (!isClosed) await Promise.race([pause(retryMs), closing.promise]);
    }
  };
  void run();

  return {
    get isListening() {
      return isListening;
    },
    async close() {
      isClosed = true;
      closing.resolve();
      await connection?.close();
    },
  };
}

function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forMs).unref());
}
