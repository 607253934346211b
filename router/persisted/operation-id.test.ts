import { expect, test } from 'vitest';
import { operationRequest } from '../request.ts';

const hash = 'a'.repeat(64);
const extension = (sha256Hash: unknown, version: unknown = 1) => ({
  extensions: { persistedQuery: { version, sha256Hash } },
});

test.each([
  ['documentId', { documentId: 'x' }, { id: 'x', automatic: false }],
  ['documentId with its prefix', { documentId: `sha256:${hash}` }, { id: hash, automatic: false }],
  ['documentId of another kind', { documentId: 'x-acme:7' }, { id: 'x-acme:7', automatic: false }],
  ['id', { id: 'x' }, { id: 'x', automatic: false }],
  ['doc_id', { doc_id: 'x' }, { id: 'x', automatic: false }],
  ['the extension', extension(hash), { id: hash, automatic: true }],
  [
    'several that are one',
    { id: hash, documentId: `sha256:${hash}`, ...extension(hash) },
    { id: hash, automatic: true },
  ],
])('an operation can be named by %s', (_way, parameters, operationId) => {
  for (const query of [{}, { query: null }, { query: '' }]) {
    expect(operationRequest({ ...parameters, ...query })).toMatchObject({ query: '', operationId });
  }
  expect(operationRequest({ ...parameters, query: '{ a }' })).toMatchObject({
    query: '{ a }',
    operationId,
  });
});

test.each([
  ['nothing', {}],
  ['an empty text', { query: '' }],
  ['an id that is null', { id: null }],
  ['a number', { id: 7 }],
  ['a list', { documentId: ['x'] }],
  ['an empty id', { doc_id: '' }],
  ['ids that differ', { id: 'x', documentId: 'y' }],
  ['an id and a hash that differ', { id: 'x', ...extension(hash) }],
  ['another version of the extension', extension(hash, 2)],
  ['a version that is no number', extension(hash, '1')],
  ['an extension without a hash and without a text', extension(undefined)],
  ['an extension that is a text', { query: '{ a }', extensions: { persistedQuery: 'x' } }],
  ['a hash that is a number', { query: '{ a }', ...extension(7) }],
])('%s names no operation and is refused', (_what, parameters) => {
  expect(() => operationRequest(parameters)).toThrow(
    expect.objectContaining({ extensions: { code: 'BAD_REQUEST' } }),
  );
});
