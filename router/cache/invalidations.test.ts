import { expect, test } from 'vitest';
import { changedTags, invalidationsSchema, keyIn, namedBy } from './invalidations.ts';
import { inAnswers, ofEntity, ofType } from './tags.ts';

const bySubject = { type: 'Product', key: { sku: 'subject' } };
const event = (attributes: object): string => JSON.stringify({ subject: 'A', ...attributes });

test('an event that names what changed ends that entity, and all answers with its type', () => {
  const changed = [inAnswers('Product'), ofEntity('Product', { sku: 'A' })];
  expect(changedTags(bySubject, event({}))).toEqual(changed);
  const byData = { type: 'Product', key: { sku: 'data.product.sku' } };
  expect(changedTags(byData, event({ data: { product: { sku: 'A' } } }))).toEqual(changed);
});

test.each([
  ['no JSON', 'x'],
  ['no object', '[]'],
  ['nothing there', '{}'],
  ['null', '{"subject":null}'],
  ['an object', '{"subject":{}}'],
  ['what every object has', '{"__proto__":{"subject":"A"}}'],
])('an event with %s in the place of the key ends all of the type', (_what, payload) => {
  expect(changedTags(bySubject, payload)).toEqual(ofType('Product'));
});

test('an event of a type without a key ends all of the type', () => {
  expect(changedTags({ type: 'Product' }, event({}))).toEqual(ofType('Product'));
});

test('a key is the same whatever the order of its fields, and as a number or a text', () => {
  const key = { warehouse: 'main', row: 7 };
  expect(ofEntity('Shelf', key)).toBe(ofEntity('Shelf', { row: '7', warehouse: 'main' }));
  expect(ofEntity('Shelf', key)).not.toBe(ofEntity('Shelf', { row: 'main', warehouse: 7 }));
  expect(ofEntity('Shelf', { a: 'x","b":"y' })).not.toBe(ofEntity('Shelf', { a: 'x', b: 'y' }));
});

test('an entity has the keys by which events name its type, as far as it has their fields', () => {
  const invalidations = {
    'product.upserted': bySubject,
    'product.moved': { type: 'Product', key: { shelf: 'subject', row: 'data.row' } },
    'shop.closed': { type: 'Product' },
    'price.changed': { type: 'Price', key: { id: 'subject' } },
  };
  expect(namedBy(invalidations, 'Product')).toEqual([['sku'], ['shelf', 'row']]);
  expect(keyIn(['sku'], { sku: 'A', row: 1 })).toEqual({ sku: 'A' });
  expect(keyIn(['shelf', 'row'], { row: 1 })).toBeUndefined();
});

test.each([
  [{ 'product.>': { type: 'Product' } }],
  [{ '*': { type: 'Product' } }],
  [{ 'a b': { type: 'Product' } }],
  [{ 'product.upserted': { type: '' } }],
  [{ 'product.upserted': { type: 'Product', key: {} } }],
  [{ 'product.upserted': { type: 'Product', key: { sku: '' } } }],
  [{ 'product.upserted': { type: 'Product', keys: { sku: 'subject' } } }],
])('%j is refused', (given) => {
  expect(invalidationsSchema.safeParse(given).success).toBe(false);
});
