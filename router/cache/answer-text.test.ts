import { parse, type FieldNode } from 'graphql';
import { expect, test } from 'vitest';
import type { WrittenFields } from '../result.ts';
import { AnswerText } from './answer-text.ts';

const text = '{ a { ...F } b { ...F } } fragment F on T { x y }';

/** An operation as one router has read it, with its fields in the order that they are visited. */
function read() {
  const nodes: FieldNode[] = [];
  const document = parse(text, {});
  JSON.stringify(document, (_key, value: unknown) => {
    if (typeof value === 'object' && value && 'kind' in value && value.kind === 'Field') {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its kind says so
      nodes.push(value as FieldNode);
    }
    return value;
  });
  return { answers: new AnswerText(document), nodes };
}

const fieldsOf = (
  nodes: readonly FieldNode[],
  type: string,
  names: readonly string[],
): WrittenFields =>
  names.map((name) => ({
    coordinate: `${type}.${name}`,
    nodes: nodes.filter((node) => node.name.value === name),
  }));

test('another router reads the data and what it costs: the same fields, of its own reading of the operation', () => {
  const [one, other] = [read(), read()];
  const root = fieldsOf(one.nodes, 'Query', ['a', 'b']);
  // Two places that are written alike.
  const [first, second] = [0, 1].map(() => fieldsOf(one.nodes, 'T', ['x', 'y']));
  const objects = new Map([
    [root, 1],
    ...[first, second].map((fields) => [fields ?? root, 2] as const),
  ]);
  const data = '{"a":{"x":1,"y":"\\n"},"b":{"x":1,"y":2}}';
  const answer = other.answers.read(one.answers.write({ data, objects }));
  expect(answer?.data).toBe(data);
  expect([...(answer?.objects ?? [])]).toEqual([
    [fieldsOf(other.nodes, 'Query', ['a', 'b']), 1],
    [fieldsOf(other.nodes, 'T', ['x', 'y']), 4],
  ]);
  const [fields] = [...(answer?.objects.keys() ?? [])];
  expect(fields?.[0]?.nodes[0]).toBe(other.nodes.find(({ name }) => name.value === 'a'));
  // What is read again is the same kind, so that its cost is worked out once.
  const again = other.answers.read(one.answers.write({ data, objects }));
  expect([...(again?.objects.keys() ?? [])][0]).toBe(fields);
});

test.each([
  '',
  '\n',
  'x\n{}',
  '[]',
  '{}\n{}',
  '[[0,"[]"]]\n{}',
  '[[1,"x"]]\n{}',
  '[[1,"[[]]"]]\n{}',
  '[[1,"[[\\"T.x\\",\\"0\\"]]"]]\n{}',
])('%j is none of ours', (foreign) => {
  expect(read().answers.read(foreign)).toBeUndefined();
});
