/**
 * A fetch whose representations would have to hold one field twice, with different arguments, is split: each part gets
 * the fields of the answer that its own representations can serve.
 */
import type { FetchNode } from '@apollo/query-planner';
import { Kind, parse, type SelectionSetNode } from 'graphql';
import { entityFields, partialFetch } from './entity-selection.ts';
import { requirementKey, type PlanningSchema } from './planning-schema.ts';

export type Requirement = NonNullable<FetchNode['requires']>[number];
/** Which of several values a part writes, as the name it reads, by the path that it writes. */
type Choice = Map<string, string>;

/** @param fetch one whose requirements have the fields' own names, and what is read for them as aliases */
export function unambiguousFetches(fetch: FetchNode, schema: PlanningSchema): readonly FetchNode[] {
  const conflicts = conflictsIn(fetch.requires ?? []);
  if (conflicts.size === 0) return [fetch];
  const document = parse(fetch.operation, { noLocation: true });
  const choices: Choice[] = [];
  const partOf = new Map<string, number>();
  for (const { key, type, field } of entityFields(document)) {
    const needed = schema.requirements.get(requirementKey(fetch.serviceName, type, field));
    const wanted: Choice = needed ? readsAmong(conflicts, needed, schema) : new Map();
    let part = choices.findIndex((choice) => compatible(choice, wanted));
    if (part < 0) part = choices.push(new Map()) - 1;
    for (const [path, read] of wanted) choices[part]?.set(path, read);
    partOf.set(key, part);
  }
  return choices.map((choice, part) => ({
    ...partialFetch(fetch, document, ({ key }) => partOf.get(key) === part),
    requires: chosen(fetch.requires ?? [], choice, conflicts),
  }));
}

/** The requirements with one value, or none, for each path in conflict. */
function chosen(
  requires: readonly Requirement[],
  choice: Choice,
  conflicts: ReadonlySet<string>,
): Requirement[] {
  const only = (selections: readonly Requirement[], prefix: string): Requirement[] =>
    selections.flatMap((selection): Requirement[] => {
      if (selection.kind === 'InlineFragment') {
        return [{ ...selection, selections: only(selection.selections, prefix) }];
      }
      const path = `${prefix}${selection.name}`;
      const read = selection.alias ?? selection.name;
      if (conflicts.has(path) && read !== (choice.get(path) ?? selection.name)) return [];
      return selection.selections
        ? [{ ...selection, selections: only(selection.selections, `${path}.`) }]
        : [selection];
    });
  return only(requires, '');
}

/** The paths that would be written from more than one value. */
function conflictsIn(requires: readonly Requirement[]): ReadonlySet<string> {
  const reads = new Map<string, Set<string>>();
  const collect = (selections: readonly Requirement[], prefix: string): void => {
    for (const selection of selections) {
      if (selection.kind === 'InlineFragment') collect(selection.selections, prefix);
      else {
        const path = `${prefix}${selection.name}`;
        const read = selection.alias ?? selection.name;
        reads.set(path, (reads.get(path) ?? new Set()).add(read));
        collect(selection.selections ?? [], `${path}.`);
      }
    }
  };
  collect(requires, '');
  return new Set([...reads].filter(([, names]) => names.size > 1).map(([path]) => path));
}

/** What a field's own requirement, still with stand-ins, reads for the paths in conflict. */
function readsAmong(
  conflicts: ReadonlySet<string>,
  needed: SelectionSetNode,
  { standIns }: PlanningSchema,
): Choice {
  const reads: Choice = new Map();
  const collect = (set: SelectionSetNode, prefix: string): void => {
    for (const selection of set.selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet, prefix);
      if (selection.kind !== Kind.FIELD) continue;
      const read = selection.name.value;
      const written = prefix + (standIns.get(read)?.field ?? read);
      if (conflicts.has(written)) reads.set(written, read);
      if (selection.selectionSet) collect(selection.selectionSet, `${written}.`);
    }
  };
  collect(needed, '');
  return reads;
}

function compatible(choice: Choice, wanted: Choice): boolean {
  return [...wanted].every(([path, read]) => (choice.get(path) ?? read) === read);
}
