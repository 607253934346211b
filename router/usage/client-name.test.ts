import { expect, test } from 'vitest';
import { clientName, clientNameIn } from './client-name.ts';

test('a client may name itself by either header, within bounds', () => {
  expect(clientName({ 'apollographql-client-name': ' ios ' })).toBe('ios');
  expect(clientName({ 'graphql-client-name': 'web' })).toBe('web');
  expect(clientName({})).toBe('');
  expect(clientName({ 'graphql-client-name': `a\u0000\u001b[31m${'b'.repeat(500)}` })).toHaveLength(
    64,
  );
  expect(clientName({ 'graphql-client-name': 'a\u0000\nb' })).toBe('ab');
});

test('a WebSocket client names itself when it connects, or by its headers', () => {
  expect(clientNameIn({ 'apollographql-client-name': 'init' }, 'header')).toBe('init');
  expect(clientNameIn({ 'graphql-client-name': 7 }, 'header')).toBe('header');
});
