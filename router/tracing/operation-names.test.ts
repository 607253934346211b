import { expect, test } from 'vitest';
import { OperationNames } from './operation-names.ts';

test('an operation is called by type and name, by its type alone, or as none that was understood', () => {
  const names = new OperationNames();
  expect(names.spanName('query', 'Orders')).toBe('query Orders');
  expect(names.spanName('mutation', undefined)).toBe('mutation');
  expect(names.spanName('unknown', undefined)).toBe('GraphQL Operation');
  expect(names.spanName('query', 'N'.repeat(65))).toBe('query');
});

test('strangers cannot make up names without end, and those in use stay', () => {
  const names = new OperationNames();
  expect(names.spanName('query', 'Orders')).toBe('query Orders');
  const given = new Set(
    Array.from({ length: 5_000 }, (_, i) => names.spanName('query', `Made${i}`)),
  );
  expect(given.size).toBeLessThanOrEqual(1_001);
  expect(names.spanName('query', 'Another')).toBe('query');
  expect(names.spanName('query', 'Orders')).toBe('query Orders');
});
