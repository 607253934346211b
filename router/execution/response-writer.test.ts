import { buildSchema, getOperationAST, parse } from 'graphql';
import { expect, test } from 'vitest';
import { operationShape } from './operation-shape.ts';
import { writeResponse } from './response-writer.ts';

const schema = buildSchema('scalar Json type Query { json: Json needed: Json! ready: Boolean }');

function written(text: string, data: Record<string, unknown>) {
  const document = parse(text);
  const node = getOperationAST(document);
  if (!node) throw new Error('one operation is needed');
  return writeResponse(data, operationShape(node, document, schema).for({}), {
    errors: [],
    introspect: () => '{}',
    malformed: (path) => ({ message: 'malformed', path }),
  });
}

/** More than can be written, and still what JSON.parse reads. */
const endless: unknown = JSON.parse(`${'['.repeat(500_000)}${']'.repeat(500_000)}`);

test('a custom scalar is written whatever it is', () => {
  const json = { a: [1, { b: null }], c: 'x' };
  expect(written('{ json }', { json }).data).toBe('{"json":{"a":[1,{"b":null}],"c":"x"}}');
});

test('a custom scalar that nests without end is null with an error, and costs nothing but its own place', () => {
  const { data, errors } = written('{ json ready }', { json: endless, ready: true });
  expect(data).toBe('{"json":null,"ready":true}');
  expect(errors.map(({ path }) => path)).toEqual([['json']]);
});

test('such a scalar takes its surroundings with it where it may not be null', () => {
  expect(written('{ needed ready }', { needed: endless, ready: true }).data).toBe('null');
});
