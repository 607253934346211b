import { expect, test } from 'vitest';
import { badUserInput, fault, publicError } from './errors.ts';

test('a fault keeps its message, code, path and data', () => {
  const shown = publicError({
    ...fault('CURSOR_EXPIRED', 'Too old.', { last: 'c1' }).toJSON(),
    path: ['a', 0],
  });
  expect(shown).toMatchObject({
    message: 'Too old.',
    path: ['a', 0],
    extensions: { code: 'CURSOR_EXPIRED', last: 'c1' },
  });
  expect(publicError(badUserInput('No.', ['a']).toJSON()).extensions).toEqual({
    code: 'BAD_USER_INPUT',
    field: ['a'],
  });
});

test('a code that is asked for cannot be replaced by the data', () => {
  expect(fault('FORBIDDEN', 'No.', { code: 'OK' }).extensions['code']).toBe('FORBIDDEN');
});

test.each([
  ['without a code', undefined],
  ['with an unknown code', { code: 'ECONNREFUSED' }],
  ['with the code of a bug', { code: 'INTERNAL_SERVER_ERROR', stacktrace: ['at db.ts:1'] }],
])('an error %s loses its message, its stack and its data', (_case, extensions) => {
  const shown = publicError({
    message: 'connect ECONNREFUSED db-7.internal:5432',
    ...(extensions ? { extensions } : {}),
  });
  expect(shown).toEqual({
    message: 'Something went wrong on our side.',
    extensions: { code: 'INTERNAL_SERVER_ERROR' },
  });
});

test('suggestions and stacks are cut out of faults too', () => {
  const shown = publicError({
    message: 'Cannot query field "whom" on type "Query". Did you mean "who" or\n"whose"?',
    extensions: {
      code: 'GRAPHQL_VALIDATION_FAILED',
      stacktrace: ['at x'],
      exception: { stack: 'at x' },
    },
  });
  expect(shown).toEqual({
    message: 'Cannot query field "whom" on type "Query".',
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
  });
});
