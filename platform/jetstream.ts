/** A service's own connection to NATS, and the streams on it. */
import { randomUUID } from 'node:crypto';
import {
  jetstream,
  jetstreamManager,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type JetStreamClient,
  type JetStreamManager,
  type StreamInfo,
} from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { streamName, streamSubjects } from '@ordergraph/schema/events/streams.ts';
import type { EventOwner } from '@ordergraph/schema/events/envelope.ts';

/** How long a request to the server may take, in milliseconds. */
const requestTimeoutMs = 5_000;
/** How long the server recognises a repeated message id; the inbox does so for ever. */
const duplicateWindowMs = 120_000;
const nanosPerMs = 1_000_000;
const streamNotFound = 10_059;
/** The metadata key under which a stream carries its epoch. */
const epochKey = 'ordergraph-epoch';

export type EventBus = {
  readonly prefix: string;
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  close(): Promise<void>;
};

/** Connects; reconnects by itself for ever afterwards. `prefix` keeps installations on one server apart. */
export async function openEventBus(url: string, prefix: string, name: string): Promise<EventBus> {
  const connection = await connect({
    servers: url,
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    timeout: requestTimeoutMs,
    pingInterval: 10_000,
    maxPingOut: 2,
  });
  return {
    prefix,
    connection,
    client: jetstream(connection, { timeout: requestTimeoutMs }),
    manager: await jetstreamManager(connection, { timeout: requestTimeoutMs, checkAPI: false }),
    async close() {
      if (!connection.isClosed()) await connection.close();
    },
  };
}

/** A stream as it is now. Another `epoch` means that its owner found it changed behind everybody's back. */
export type StreamSnapshot = { createdAt: string; epoch: string; lastSequence: number };

/** The state of a stream, or undefined if it does not exist. */
export async function findStream(
  bus: EventBus,
  owner: EventOwner,
): Promise<StreamSnapshot | undefined> {
  try {
    return snapshot(await bus.manager.streams.info(streamName(bus.prefix, owner)));
  } catch (error) {
    if (error instanceof JetStreamApiError && error.apiError().err_code === streamNotFound) {
      return undefined;
    }
    throw error;
  }
}

/** Creates an owner's stream with a new epoch. Events are kept; the outbox behind it is the truth. */
export async function createStream(bus: EventBus, owner: EventOwner): Promise<StreamSnapshot> {
  const info = await bus.manager.streams.add({
    name: streamName(bus.prefix, owner),
    subjects: streamSubjects(bus.prefix, owner),
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    duplicate_window: duplicateWindowMs * nanosPerMs,
    metadata: { [epochKey]: randomUUID() },
  });
  return snapshot(info);
}

/** Gives a stream a new epoch, so that every consumer starts over. */
export async function renewEpoch(bus: EventBus, owner: EventOwner): Promise<StreamSnapshot> {
  const name = streamName(bus.prefix, owner);
  const { config } = await bus.manager.streams.info(name);
  const metadata = { ...config.metadata, [epochKey]: randomUUID() };
  return snapshot(await bus.manager.streams.update(name, { ...config, metadata }));
}

function snapshot(info: StreamInfo): StreamSnapshot {
  return {
    createdAt: info.created,
    epoch: info.config.metadata?.[epochKey] ?? '',
    lastSequence: info.state.last_seq,
  };
}
