import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { bareId, idFault, NotAManifest, readManifest } from './manifest-file.ts';

const text = 'query Hello { hello }';
const hash = (algorithm: string): string => createHash(algorithm).update(text).digest('hex');
const apollo = (operations: unknown[], version: unknown = 1): string =>
  JSON.stringify({ format: 'apollo-persisted-query-manifest', version, operations });

test("Apollo's form gives each operation with its id, name, type and text", () => {
  const id = hash('sha256');
  const file = apollo([{ id, name: 'Hello', type: 'query', body: text }]);
  expect(readManifest(file)).toEqual({
    form: 'apollo',
    operations: [{ id, name: 'Hello', type: 'query', text }],
  });
});

test.each([
  ['an object', JSON.stringify({ [hash('md5')]: text })],
  ['a list of pairs', JSON.stringify([[hash('md5'), text]])],
])("Relay's form gives texts by their hash, as %s", (_form, file) => {
  expect(readManifest(file)).toEqual({
    form: 'relay',
    operations: [{ id: hash('md5'), text }],
  });
});

test.each([
  ['no JSON', '{', 'not JSON'],
  ['a number', '7', 'Neither'],
  ['null', 'null', 'Neither'],
  ['texts that are none', '{"a":7}', 'Neither'],
  ['pairs of three', '[["a","b","c"]]', 'Neither'],
  ['nothing in it', '{}', 'no operation'],
  ['an empty list', apollo([]), 'no operation'],
  ['another version', apollo([], 2), 'version'],
  ['an operation without a body', apollo([{ id: 'a', name: 'A', type: 'query' }]), 'body'],
  [
    'too many operations',
    JSON.stringify(Object.fromEntries(Array.from({ length: 2_001 }, (_, i) => [`id${i}`, text]))),
    'at most 2000',
  ],
])('%s is refused with the reason', (_what, file, reason) => {
  expect(() => readManifest(file)).toThrow(NotAManifest);
  expect(() => readManifest(file)).toThrow(reason);
});

test.each(['md5', 'sha1', 'sha256', 'sha512'])(
  'an id that looks like a %s must be that of the text',
  (algorithm) => {
    expect(idFault({ id: hash(algorithm), text })).toBeUndefined();
    expect(idFault({ id: hash(algorithm), text: `${text} ` })).toContain(algorithm);
    expect(idFault({ id: hash(algorithm).toUpperCase(), text })).toContain(algorithm);
  },
);

test('an id of another look is free, within reason', () => {
  expect(idFault({ id: 'orders/by-day:v2', text })).toBeUndefined();
  expect(idFault({ id: '', text })).toContain('1 to 256');
  expect(idFault({ id: 'x'.repeat(257), text })).toContain('1 to 256');
  expect(idFault({ id: 'with space', text })).toContain('1 to 256');
});

test('the prefix of GraphQL over HTTP is no part of an id', () => {
  const id = hash('sha256');
  expect(bareId(`sha256:${id}`)).toBe(id);
  expect(bareId('x-acme:1')).toBe('x-acme:1');
  expect(readManifest(JSON.stringify({ [`sha256:${id}`]: text })).operations[0]?.id).toBe(id);
});
