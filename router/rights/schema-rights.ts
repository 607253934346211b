/** What types and fields demand, read from the supergraph's `@authenticated`, `@requiresScopes` and `@policy`. */
import { isInterfaceType, isObjectType, type Schema } from '@apollo/federation-internals';
import { directiveReader, type DirectiveReader } from '../supergraph-directives.ts';
import type { Clause } from './clauses.ts';

export type SchemaRights = {
  /** What the type demands for each of its fields, and each field that gives it. */
  ofType(name: string): readonly Clause[];
  /** What the field demands besides. */
  ofField(type: string, field: string): readonly Clause[];
  /** Whether anything in the schema demands anything. */
  readonly any: boolean;
  /** The policies that are named in it. */
  readonly policies: ReadonlySet<string>;
};

const none: readonly Clause[] = [];

export function schemaRights(schema: Schema): SchemaRights {
  const clausesOn = clauseReader(schema);
  const clauses = new Map<string, readonly Clause[]>();
  const keep = (coordinate: string, element: Parameters<DirectiveReader>[0]): void => {
    const demanded = clausesOn(element);
    if (demanded.length > 0) clauses.set(coordinate, demanded);
  };
  for (const type of schema.types()) {
    keep(type.name, type);
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of type.fields()) keep(`${type.name}.${field.name}`, field);
  }
  const policies = [...clauses.values()]
    .flat()
    .flatMap((clause) => (clause.kind === 'policies' ? clause.anyOf.flat() : []));
  return {
    ofType: (name) => clauses.get(name) ?? none,
    ofField: (type, field) => clauses.get(`${type}.${field}`) ?? none,
    any: clauses.size > 0,
    policies: new Set(policies),
  };
}

function clauseReader(
  schema: Schema,
): (element: Parameters<DirectiveReader>[0]) => readonly Clause[] {
  const specification = (name: string) => `https://specs.apollo.dev/${name}`;
  const authenticated = directiveReader(schema, specification('authenticated'), 'authenticated');
  const scopes = directiveReader(schema, specification('requiresScopes'), 'requiresScopes');
  const policies = directiveReader(schema, specification('policy'), 'policy');
  return (element) => [
    ...authenticated(element).map((): Clause => ({ kind: 'authenticated' })),
    ...scopes(element).map((use): Clause => ({ kind: 'scopes', anyOf: lists(use['scopes']) })),
    ...policies(element).map((use): Clause => ({
      kind: 'policies',
      anyOf: lists(use['policies']),
    })),
  ];
}

/** A list of lists of names; one name stands for a list of it, as in all of GraphQL. What is neither grants nothing. */
function lists(value: unknown): readonly (readonly string[])[] {
  return asList(value).flatMap((inner) => {
    const names = asList(inner).filter((name) => typeof name === 'string');
    return names.length === asList(inner).length ? [names] : [];
  });
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
