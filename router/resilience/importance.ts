/**
 * How much it would hurt to lose an operation when there is too much to do. The router knows nothing of what operations
 * mean, so it goes by what they are, unless it is told which root fields are vital.
 */
import { Kind, type SelectionSetNode } from 'graphql';
import type { ValidOperation } from '../operations.ts';
import type { Caller } from '../request.ts';

/**
 * - `vital`: asks for a vital root field; where none are named, every mutation. Money and orders.
 * - `usual`: all else that a known caller asks.
 * - `spare`: queries of those who have not said who they are, questions about the schema, and new subscriptions, whose
 *   clients come again behind their last cursor.
 */
export type Importance = 'vital' | 'usual' | 'spare';

export type ImportanceOf = (operation: ValidOperation, caller: Caller) => Importance;

const rootTypes = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' } as const;

/** @param vitalFields as `Type.field` */
export function createImportance(vitalFields: readonly string[]): ImportanceOf {
  const vital = new Set(vitalFields);
  const kept = new WeakMap<ValidOperation, Importance>();

  const ofOperation = (operation: ValidOperation): Importance => {
    const fields = rootFields(operation);
    const type = rootTypes[operation.type];
    const isVital =
      vital.size === 0
        ? operation.type === 'mutation'
        : fields.some((name) => vital.has(`${type}.${name}`));
    if (isVital) return 'vital';
    const isSpare =
      operation.type === 'subscription' || fields.every((name) => name.startsWith('__'));
    return isSpare ? 'spare' : 'usual';
  };

  return (operation, caller) => {
    let importance = kept.get(operation);
    if (importance === undefined) kept.set(operation, (importance = ofOperation(operation)));
    const isUnknown = caller.identity.role === 'anonymous' && !caller.partner;
    return importance === 'usual' && isUnknown && operation.type === 'query' ? 'spare' : importance;
  };
}

/** Whatever `@skip` and `@include` leave of them. */
function rootFields({ document, node }: ValidOperation): readonly string[] {
  const names = new Set<string>();
  const spread = new Set<string>();
  const collect = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) names.add(selection.name.value);
      else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
      else spread.add(selection.name.value);
    }
  };
  collect(node.selectionSet);
  // Those that are spread by what is collected here are gone through as well: a set's new members come at its end.
  for (const name of spread) {
    for (const definition of document.definitions) {
      const isMeant =
        definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name;
      if (isMeant) collect(definition.selectionSet);
    }
  }
  return [...names];
}
