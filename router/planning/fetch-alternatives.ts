/**
 * What can still be fetched of an entity for which not all is there that its fetch requires. One fetch may ask for fields
 * that require something of other subgraphs and for fields that do not; if the former cannot be had, by a subgraph that
 * is away or because nobody asked for them of this type, the latter still can. The fetch is taken apart: the fields
 * without requirements, and those with each requirement.
 */
import type { FetchNode } from '@apollo/query-planner';
import { Kind, parse, type SelectionSetNode } from 'graphql';
import type { EntityKeys } from './entity-keys.ts';
import { entityFields, partialFetch, type EntityField } from './entity-selection.ts';
import { requirementKey, type PlanningSchema } from './planning-schema.ts';
import type { Requirement } from './representation-conflicts.ts';

/** Names of what is read of an entity, joined. */
type Needs = string;

/** @returns the parts of an entity fetch, none if it is all of one kind */
export function alternativesOf(
  fetch: FetchNode,
  schema: PlanningSchema,
  keys: EntityKeys,
): readonly FetchNode[] {
  if (!fetch.requires) return [];
  const document = parse(fetch.operation, { noLocation: true });
  const needsOf = ({ type, field }: EntityField): Needs => {
    const needed = schema.requirements.get(requirementKey(fetch.serviceName, type, field));
    return needed ? namesIn(needed).join() : '';
  };
  const fields = entityFields(document);
  const kinds = [...new Set(fields.map(needsOf))];
  if (kinds.length < 2) return [];
  const needed = new Set(kinds.flatMap((needs) => needs.split(',')));
  return kinds.map((needs) => ({
    ...partialFetch(fetch, document, (field) => needsOf(field) === needs),
    requires: onlyNeeded(fetch.requires ?? [], (type, name) => {
      const superfluous = needed.has(name) && !needs.split(',').includes(name);
      return !superfluous || keys.isInKey(fetch.serviceName, type, name);
    }),
  }));
}

function namesIn(set: SelectionSetNode): readonly string[] {
  return set.selections.flatMap((selection) => {
    if (selection.kind === Kind.INLINE_FRAGMENT) return namesIn(selection.selectionSet);
    return selection.kind === Kind.FIELD ? [selection.name.value] : [];
  });
}

function onlyNeeded(
  requires: readonly Requirement[],
  keep: (type: string, name: string) => boolean,
  type = '',
): Requirement[] {
  return requires.flatMap((requirement): Requirement[] => {
    if (requirement.kind === 'Field') {
      return keep(type, requirement.alias ?? requirement.name) ? [requirement] : [];
    }
    const condition = requirement.typeCondition ?? type;
    return [{ ...requirement, selections: onlyNeeded(requirement.selections, keep, condition) }];
  });
}
