import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  causedBy,
  createEvent,
  defineEvent,
  envelopeSchema,
  readEvent,
  type EventDefinition,
} from './envelope.ts';
import { inventoryEvents } from './inventory.ts';
import { orderEvents, orderPlaced } from './order.ts';
import { paymentEvents } from './payment.ts';
import { anyonesSubject, eventSubject, streamName, streamSubjects } from './streams.ts';

/** Made by hand and never changed afterwards: each is an event as it may lie in a stream or an outbox. */
const folder = new URL('./fixtures/', import.meta.url);
const definitions: readonly EventDefinition[] = [
  ...orderEvents,
  ...inventoryEvents,
  ...paymentEvents,
];
const fileOf = ({ type, version }: EventDefinition): string => `${type}.v${version}.json`;

async function fixture(definition: EventDefinition): Promise<Record<string, unknown>> {
  const json: unknown = JSON.parse(await readFile(new URL(fileOf(definition), folder), 'utf8'));
  return z.record(z.string(), z.unknown()).parse(json);
}

test('every definition has a fixture, and every fixture a definition', async () => {
  expect((await readdir(folder)).toSorted()).toEqual(definitions.map(fileOf).toSorted());
});

test.each(definitions.map((definition) => [fileOf(definition), definition] as const))(
  '%s is still read, and loses nothing by it',
  async (_file, definition) => {
    const json = await fixture(definition);
    expect(readEvent(definitions, json)).toEqual(json);
    expect(json['source']).toBe(`/ordergraph/${definition.owner}`);
  },
);

test('types are unique, and each begins with what it is about', () => {
  const types = definitions.map(({ type }) => type);
  expect(new Set(types).size).toBe(types.length);
  for (const type of types) expect(type).toMatch(/^[a-z]+\.[a-z]+(-[a-z]+)*$/);
});

test('a change that old events do not fit is refused by their fixture', async () => {
  const json = await fixture(orderPlaced);
  const line = orderPlaced.data.shape.lines.element;
  const changes = {
    'a required field added': orderPlaced.data.extend({ giftWrap: z.boolean() }),
    'a type changed': orderPlaced.data.extend({ customerId: z.int() }),
    'a field of a line renamed': orderPlaced.data.extend({
      lines: z.array(line.omit({ sku: true }).extend({ product: z.string() })),
    }),
    'a limit made narrower': orderPlaced.data.extend({
      lines: z.array(line.extend({ quantity: z.int().max(1) })),
    }),
  };
  for (const [change, data] of Object.entries(changes)) {
    const changed = defineEvent({ ...orderPlaced, data });
    const refused = catching(() => readEvent([changed], json));
    expect({ change, refused }).toEqual({ change, refused: expect.any(z.ZodError) });
  }
  const narrower = defineEvent({
    ...orderPlaced,
    data: orderPlaced.data.omit({ customerId: true }),
  });
  expect(readEvent([narrower], json), 'a field taken away').not.toEqual(json);
  const optional = orderPlaced.data.extend({ giftWrap: z.boolean().optional() });
  expect(readEvent([defineEvent({ ...orderPlaced, data: optional })], json)).toEqual(json);
});

test('an event of another type or version, or a malformed one, is refused with a reason', async () => {
  const json = await fixture(orderPlaced);
  expect(() => readEvent([], json)).toThrow('no handler for events of type order.placed');
  expect(() => readEvent([orderPlaced], { ...json, dataversion: 2 })).toThrow('version 2, not 1');
  for (const wrong of [null, [], 'x', {}, { ...json, id: '' }, { ...json, time: 'yesterday' }]) {
    expect(() => readEvent([orderPlaced], wrong)).toThrow(z.ZodError);
  }
});

test('an event that is made can be read, and names what caused it', async () => {
  const cause = envelopeSchema.parse(await fixture(orderPlaced));
  const event = createEvent(orderPlaced, {
    id: 'evt_2',
    subject: 'ord_1',
    time: new Date('2026-11-22T17:30:00Z'),
    data: {
      orderId: 'ord_1',
      customerId: 'alice',
      lines: [{ lineId: 'oln_1', sku: 'A', quantity: 1 }],
    },
    cause: causedBy(cause),
  });
  expect(event).toMatchObject({ correlationid: cause.correlationid, causationid: cause.id });
  expect(readEvent([orderPlaced], JSON.parse(JSON.stringify(event)))).toEqual(event);
});

test('subjects of an owner lie in its stream, and installations keep apart', () => {
  expect(streamName('a', 'order')).toBe('a-order');
  expect(streamSubjects('a', 'order')).toEqual(['a.order.>']);
  expect(eventSubject('a', 'order', 'order.placed')).toBe('a.order.order.placed');
  expect(anyonesSubject('a', 'order.placed')).toBe('a.*.order.placed');
});

function catching(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
