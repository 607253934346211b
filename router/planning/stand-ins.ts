/**
 * Turns the stand-ins of a fetch back into the fields they stand for: in what it asks for, the field with its arguments
 * under the stand-in's name; in what it requires, what was read under that name is written under the field's own.
 */
import type { FetchNode } from '@apollo/query-planner';
import {
  Kind,
  parse,
  parseValue,
  print,
  stripIgnoredCharacters,
  visit,
  type ArgumentNode,
  type DocumentNode,
} from 'graphql';
import type { PlanningSchema } from './planning-schema.ts';
import type { Requirement } from './representation-conflicts.ts';

/** The fetch with requirements that read a stand-in and are written as the field. */
export function withFieldNames(fetch: FetchNode, { standIns }: PlanningSchema): FetchNode {
  const named = (requirement: Requirement): Requirement => {
    if (requirement.kind === 'InlineFragment') {
      return { ...requirement, selections: requirement.selections.map(named) };
    }
    const standIn = standIns.get(requirement.name);
    return {
      ...requirement,
      ...(standIn ? { alias: requirement.alias ?? requirement.name, name: standIn.field } : {}),
      ...(requirement.selections ? { selections: requirement.selections.map(named) } : {}),
    };
  };
  return fetch.requires ? { ...fetch, requires: fetch.requires.map(named) } : fetch;
}

/** The fetch with an operation that asks for the fields themselves. */
export function withoutStandIns(fetch: FetchNode, { standIns }: PlanningSchema): FetchNode {
  if (![...standIns.keys()].some((name) => fetch.operation.includes(name))) return fetch;
  const document: DocumentNode = visit(parse(fetch.operation, { noLocation: true }), {
    Field: (node) => {
      const standIn = standIns.get(node.name.value);
      if (!standIn) return undefined;
      return {
        ...node,
        alias: node.alias ?? node.name,
        name: { kind: Kind.NAME, value: standIn.field } as const,
        arguments: argumentsIn(standIn.arguments),
      };
    },
  });
  return { ...fetch, operation: stripIgnoredCharacters(print(document)) };
}

/** Reads `(a: 1, b: "x")` as the object that it nearly is. */
function argumentsIn(text: string): readonly ArgumentNode[] {
  const value = parseValue(`{${text.slice(1, -1)}}`, { noLocation: true });
  if (value.kind !== Kind.OBJECT) return [];
  return value.fields.map((field) => ({
    kind: Kind.ARGUMENT,
    name: field.name,
    value: field.value,
  }));
}
