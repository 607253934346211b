/**
 * What every event looks like on the wire: CloudEvents 1.0 in JSON, with the extension attributes `dataversion`,
 * `correlationid`, `causationid` and `traceparent`. Each event is defined once, by the service that owns it.
 */
import { z } from 'zod';

const attributesSchema = z.object({
  specversion: z.literal('1.0'),
  id: z.string().min(1).max(64),
  source: z.string().min(1).max(128),
  type: z.string().min(1).max(64),
  /** The version of the data's shape; grows only with an incompatible change. */
  dataversion: z.int().min(1),
  time: z.iso.datetime(),
  /** The entity the event is about; events of one subject are published in order. */
  subject: z.string().min(1).max(128),
  /** Shared by all that one client request set going. */
  correlationid: z.string().min(1).max(64),
  /** The event that caused this one, or null if a client did. */
  causationid: z.string().max(64).nullable(),
  traceparent: z.string().max(64).optional(),
  datacontenttype: z.literal('application/json'),
});

export const envelopeSchema = attributesSchema.extend({ data: z.unknown() });

export type EventAttributes = z.infer<typeof attributesSchema>;
export type EventEnvelope<D = unknown> = EventAttributes & { data: D };

export type EventOwner = 'order' | 'inventory' | 'payment';

export type EventDefinition<T extends string = string, S extends z.ZodType = z.ZodType> = {
  readonly type: T;
  readonly version: number;
  readonly owner: EventOwner;
  readonly data: S;
};

/** Events of a definition; of several definitions, a union told apart by `type`. */
export type EventOf<D extends EventDefinition> = D extends EventDefinition
  ? EventAttributes & { type: D['type']; data: z.infer<D['data']> }
  : never;

export function defineEvent<T extends string, S extends z.ZodType>(
  definition: EventDefinition<T, S>,
): EventDefinition<T, S> {
  return definition;
}

/** What an event inherits from that which set it going. */
export type Cause = {
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly traceparent?: string | undefined;
};

/** The cause of what a handler does in answer to an event. */
export function causedBy(event: EventAttributes): Cause {
  return {
    correlationId: event.correlationid,
    causationId: event.id,
    traceparent: event.traceparent,
  };
}

/** Builds an event. `id` is given by the caller, so that history, outbox and stream share it. */
export function createEvent<D extends EventDefinition>(
  definition: D,
  content: {
    id: string;
    subject: string;
    time: Date;
    data: z.infer<D['data']>;
    cause: Cause;
  },
): EventEnvelope<z.infer<D['data']>> {
  const { id, subject, time, data, cause } = content;
  return {
    specversion: '1.0',
    id,
    source: `/ordergraph/${definition.owner}`,
    type: definition.type,
    dataversion: definition.version,
    time: time.toISOString(),
    subject,
    correlationid: cause.correlationId,
    causationid: cause.causationId,
    ...(cause.traceparent ? { traceparent: cause.traceparent } : {}),
    datacontenttype: 'application/json',
    data,
  };
}

/**
 * Reads an event of one of the given definitions.
 * @throws ZodError if it is malformed, Error if its type or version is not among the definitions.
 */
export function readEvent<D extends EventDefinition>(
  definitions: readonly D[],
  json: unknown,
): EventOf<D> {
  const envelope = envelopeSchema.parse(json);
  const definition = definitions.find((candidate) => candidate.type === envelope.type);
  if (!definition) throw new Error(`There is no handler for events of type ${envelope.type}`);
  if (definition.version !== envelope.dataversion) {
    throw new Error(
      `${envelope.type} has version ${envelope.dataversion}, not ${definition.version}`,
    );
  }
  return {
    ...envelope,
    type: definition.type,
    data: definition.data.parse(envelope.data),
  } as EventOf<D>;
}
