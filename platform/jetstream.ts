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
import { natsOptions } from './nats-options.ts';

/** How long connecting and publishing may take, in milliseconds. */
const publishTimeoutMs = 3_000;
/** How long a question to the server may take; what is under way when a connection breaks is lost and waits this long. */
const requestTimeoutMs = 2_000;
/** How long the server recognises a repeated message id; the inbox does so for ever. */
const duplicateWindowMs = 120_000;
const nanosPerMs = 1_000_000;
/** Codes of the JetStream server's answers. */
export const streamNotFound = 10_059;
export const consumerNotFound = 10_014;
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
    ...natsOptions(url, name),
    timeout: publishTimeoutMs,
    pingInterval: 10_000,
    maxPingOut: 2,
  });
  return {
    prefix,
    connection,
    client: jetstream(connection, { timeout: publishTimeoutMs }),
    manager: await jetstreamManager(connection, { timeout: requestTimeoutMs, checkAPI: false }),
    async close() {
      if (!connection.isClosed()) await connection.close();
    },
  };
}

/** A stream as it is now. Another `epoch` means that its owner found it changed behind everybody's back. */
export type StreamSnapshot = {
  readonly createdAt: string;
  readonly epoch: string;
  readonly lastSequence: number;
  /** Whether messages were taken out at its beginning although no limit asks for that. */
  readonly purged: boolean;
};

/** The state of a stream, or undefined if it does not exist. */
export async function findStream(
  bus: EventBus,
  owner: EventOwner,
): Promise<StreamSnapshot | undefined> {
  try {
    return snapshot(await bus.manager.streams.info(streamName(bus.prefix, owner)));
  } catch (error) {
    if (isApiError(error, streamNotFound)) return undefined;
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

/** Removes an owner's stream with its consumers. */
export async function deleteStream(bus: EventBus, owner: EventOwner): Promise<void> {
  try {
    await bus.manager.streams.delete(streamName(bus.prefix, owner));
  } catch (error) {
    if (!isApiError(error, streamNotFound)) throw error;
  }
}

/** Gives a stream a new epoch, so that every consumer starts over. */
export async function renewEpoch(bus: EventBus, owner: EventOwner): Promise<StreamSnapshot> {
  const name = streamName(bus.prefix, owner);
  const { config } = await bus.manager.streams.info(name);
  const metadata = { ...config.metadata, [epochKey]: randomUUID() };
  return snapshot(await bus.manager.streams.update(name, { ...config, metadata }));
}

/** What a stream has at a sequence, or undefined if it has nothing there. `eventId` is empty if it is no event of ours. */
export async function eventAt(
  bus: EventBus,
  owner: EventOwner,
  sequence: number,
): Promise<{ eventId: string; subject: string } | undefined> {
  const stream = streamName(bus.prefix, owner);
  const message = await bus.manager.streams.getMessage(stream, { seq: sequence });
  return message
    ? { eventId: message.header.get('Nats-Msg-Id'), subject: message.subject }
    : undefined;
}

/** Whether an error is the JetStream server's answer with the given code. */
export function isApiError(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.apiError().err_code === code;
}

function snapshot({ created, config, state }: StreamInfo): StreamSnapshot {
  const limited = [config.max_age, config.max_bytes, config.max_msgs, config.max_msgs_per_subject];
  return {
    createdAt: created,
    epoch: config.metadata?.[epochKey] ?? '',
    lastSequence: state.last_seq,
    purged: state.first_seq > 1 && !limited.some((limit) => (limit ?? 0) > 0),
  };
}
