/**
 * Tells other instances, over Redis, what was just committed. Redis is only the fast way: a message may be lost, come
 * twice or late, and whoever listens makes up for it from the database.
 */
import { RedisPubSub } from 'graphql-redis-subscriptions';
import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from './logger.ts';

export type LiveUpdates = {
  /** Sends a message to every instance; never rejects, never waits. */
  publish(message: unknown): void;
  /** Calls back with every message, until the returned function is called. */
  listen(onMessage: (message: unknown) => void): Promise<() => void>;
  close(): void;
};

/** How long a command may take before Redis counts as hung, in milliseconds. */
const commandTimeoutMs = 1_000;
const reconnectMaxMs = 1_000;

/** Opens the two connections that publish and subscribe need; both reconnect by themselves for ever. */
export function openLiveUpdates(url: string, topic: string, logger: Logger): LiveUpdates {
  const shared: RedisOptions = {
    retryStrategy: (times) => Math.min(reconnectMaxMs, 50 * times),
    maxRetriesPerRequest: null,
  };
  // The publisher keeps no queue: what cannot be sent now is read from the database by those whom it concerns.
  const publisher = new Redis(url, { ...shared, enableOfflineQueue: false, commandTimeout: commandTimeoutMs });
  const subscriber = new Redis(url, shared);
  for (const connection of [publisher, subscriber]) {
    connection.on('error', (error) => logger.debug({ err: error }, 'Redis is unreachable'));
  }
  const pubsub = new RedisPubSub({ publisher, subscriber });
  return {
    publish(message) {
      pubsub.publish(topic, message).catch((error: unknown) => {
        logger.debug({ err: error }, 'a live update was not sent');
      });
    },
    async listen(onMessage) {
      const subscription = await pubsub.subscribe(topic, onMessage);
      return () => pubsub.unsubscribe(subscription);
    },
    close() {
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}
