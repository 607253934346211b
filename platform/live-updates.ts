/**
 * Tells other instances, over Redis, what was just committed. Redis is only the fast way: a message may be lost, come
 * twice or late, and whoever listens makes up for it from the database. So nothing here ever waits long for Redis, and
 * nothing fails because it is away.
 */
import { RedisPubSub } from 'graphql-redis-subscriptions';
import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from './logger.ts';

export type LiveUpdates = {
  /** Sends a message to every instance; never rejects, never waits. */
  publish(message: unknown): void;
  /** Calls back with every message, until the returned function is called. Waits a second at most for Redis to agree. */
  listen(onMessage: (message: unknown) => void): Promise<() => void>;
  close(): void;
};

/** How long a command may take before Redis counts as hung, in milliseconds. */
const commandTimeoutMs = 1_000;
const reconnectMaxMs = 1_000;

/** Opens the two connections that publish and subscribe need; both reconnect by themselves for ever. */
export function openLiveUpdates(url: string, topic: string, logger: Logger): LiveUpdates {
  const reconnecting: RedisOptions = {
    retryStrategy: (times) => Math.min(reconnectMaxMs, 50 * times),
    maxRetriesPerRequest: null,
  };
  // The publisher keeps no queue: what cannot be sent now is read from the database by those whom it concerns.
  const publisher = new Redis(url, {
    ...reconnecting,
    enableOfflineQueue: false,
    commandTimeout: commandTimeoutMs,
  });
  const subscriber = new Redis(url, reconnecting);
  for (const connection of [publisher, subscriber]) {
    connection.on('error', (error) => logger.debug({ err: error }, 'Redis is unreachable'));
  }
  const pubsub = new RedisPubSub({ publisher, subscriber });
  const listeners = new Set<(message: unknown) => void>();
  // One subscription for all listeners, never given up before the connection: it is made again after each reconnection.
  const subscribed = pubsub
    .subscribe(topic, (message) => listeners.forEach((listener) => listener(message)))
    .then(
      () => undefined,
      (error: unknown) => logger.debug({ err: error }, 'live updates are not heard'),
    );
  return {
    publish(message) {
      pubsub.publish(topic, message).catch((error: unknown) => {
        logger.debug({ err: error }, 'a live update was not sent');
      });
    },
    async listen(onMessage) {
      // A function of its own, so that one listener given twice counts twice.
      const listener = (message: unknown): void => onMessage(message);
      listeners.add(listener);
      await Promise.race([subscribed, pause(commandTimeoutMs)]);
      return () => void listeners.delete(listener);
    },
    close() {
      listeners.clear();
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
