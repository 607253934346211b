/**
 * Which events mean that something changed, by their type:
 *
 *   {"product.upserted": {"type": "Product", "key": {"sku": "subject"}}}
 *
 * says that such an event changes one `Product`, whose `sku` is the event's `subject`; `data.sku` would be a field of its
 * data. Without a `key`, or where the event has none of it, any object of the type may have changed.
 */
import { z } from 'zod';
import { isRecord } from '../request.ts';
import { inAnswers, ofEntity, ofType, type EntityKey, type Tag } from './tags.ts';

const changeSchema = z.strictObject({
  /** Of the supergraph. */
  type: z.string().min(1),
  /** Where in the event the values of its key fields are. */
  key: z
    .record(z.string().min(1), z.string().regex(/^[^.]+(\.[^.]+)*$/))
    .refine((key) => Object.keys(key).length > 0)
    .optional(),
});

/** By the type of the event, as it stands in a subject. */
export const invalidationsSchema = z.record(
  z.string().regex(/^[^\s.*>]+(\.[^\s.*>]+)*$/),
  changeSchema,
);

export type Invalidations = z.infer<typeof invalidationsSchema>;
export type Change = z.infer<typeof changeSchema>;

/** What an event changed. @param payload of the message, which may be anything */
export function changedTags({ type, key }: Change, payload: string): readonly Tag[] {
  const values = key && entityKey(key, json(payload));
  return values ? [inAnswers(type), ofEntity(type, values)] : ofType(type);
}

/** The fields by which events name entities of a type: one list for each kind of event. */
export function namedBy(
  invalidations: Invalidations,
  type: string,
): readonly (readonly string[])[] {
  return Object.values(invalidations).flatMap((change) =>
    change.type === type && change.key ? [Object.keys(change.key)] : [],
  );
}

/** The key that an object has; undefined if it has not all of it. */
export function keyIn(
  fields: readonly string[],
  object: Readonly<Record<string, unknown>>,
): EntityKey | undefined {
  return keyOf(fields.map((field) => [field, object[field]]));
}

function entityKey(
  places: Readonly<Record<string, string>>,
  event: unknown,
): EntityKey | undefined {
  return keyOf(Object.entries(places).map(([field, place]) => [field, valueAt(event, place)]));
}

function keyOf(values: readonly (readonly [string, unknown])[]): EntityKey | undefined {
  const known = values.flatMap(([field, value]) =>
    typeof value === 'string' || typeof value === 'number' ? [[field, value] as const] : [],
  );
  return known.length === values.length ? Object.fromEntries(known) : undefined;
}

function valueAt(event: unknown, place: string): unknown {
  return place
    .split('.')
    .reduce<unknown>(
      (value, name) => (isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined),
      event,
    );
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
