import { anonymous, type Identity } from '@ordergraph/platform/identity.ts';
import { getOperationAST, parse } from 'graphql';
import { expect, test } from 'vitest';
import type { ValidOperation } from '../operations.ts';
import type { Caller } from '../request.ts';
import { createImportance } from './importance.ts';

function operation(text: string): ValidOperation {
  const document = parse(text);
  const node = getOperationAST(document);
  if (!node) throw new Error('one operation is needed');
  return { name: undefined, type: node.operation, document, node, stream: undefined };
}

const alice: Identity = { subject: 'alice', role: 'customer', scopes: [] };
const known: Caller = { identity: alice, expiresAtMs: null };
const unknown: Caller = { identity: anonymous, expiresAtMs: null };

test.each([
  ['mutation { placeOrder { id } }', 'vital', 'vital'],
  ['{ order { id } }', 'usual', 'spare'],
  ['subscription { changed { id } }', 'spare', 'spare'],
  ['{ __schema { types { name } } }', 'spare', 'spare'],
  ['{ __typename ...F } fragment F on Query { __type(name: "A") { name } }', 'spare', 'spare'],
  ['{ __typename order { id } }', 'usual', 'spare'],
])('%s is %s for a known caller and %s for others', (text, ofKnown, ofOthers) => {
  const importanceOf = createImportance([]);
  const asked = operation(text);
  expect(importanceOf(asked, known)).toBe(ofKnown);
  expect(importanceOf(asked, unknown)).toBe(ofOthers);
  expect(importanceOf(asked, known)).toBe(ofKnown);
});

test.each([
  ['mutation { placeOrder { id } }', 'vital'],
  ['mutation { trackEvents { id } again: placeOrder { id } }', 'vital'],
  ['mutation { trackEvents { id } }', 'usual'],
  ['{ order { id } }', 'vital'],
  ['{ ... { ...A } } fragment A on Query { ...B } fragment B on Query { order { id } }', 'vital'],
  ['{ placeOrder { id } }', 'usual'],
  ['{ product { order { id } } }', 'usual'],
  ['subscription { order { id } }', 'spare'],
])('with vital fields named, %s is %s', (text, importance) => {
  const importanceOf = createImportance(['Mutation.placeOrder', 'Query.order']);
  expect(importanceOf(operation(text), known)).toBe(importance);
});
