/**
 * What the supergraph says things cost: its `@cost` and `@listSize`, which the IBM GraphQL Cost Directives specification
 * defines, by schema coordinate: `Type`, `Type.field`, `Type.field(argument:)`.
 */
import {
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  type Schema,
} from '@apollo/federation-internals';
import { directiveReader, type DirectiveReader } from '../supergraph-directives.ts';

export type ListSize = {
  readonly assumedSize: number | undefined;
  /** Arguments that say how long the list is; `filter.max` for a field of an argument. */
  readonly slicingArguments: readonly string[];
  /** Fields of the returned object that are the lists meant; none if it is the field itself. */
  readonly sizedFields: readonly string[];
  readonly requireOneSlicingArgument: boolean;
};

export type SchemaCosts = {
  /** Weights that differ from the usual ones. */
  readonly weights: ReadonlyMap<string, number>;
  readonly listSizes: ReadonlyMap<string, ListSize>;
  /** Types that have such a weight, or a field with one or with a list's size. */
  readonly special: ReadonlySet<string>;
};

type Element = Parameters<DirectiveReader>[0] & { readonly coordinate: string };

const identity = 'https://specs.apollo.dev/cost';

export function schemaCosts(schema: Schema): SchemaCosts {
  const costOn = directiveReader(schema, identity, 'cost');
  const sizeOn = directiveReader(schema, identity, 'listSize');
  const weights = new Map<string, number>();
  const listSizes = new Map<string, ListSize>();
  const special = new Set<string>();

  const read = (element: Element, type: string): void => {
    const weight = costOn(element)[0]?.['weight'];
    const size = sizeOn(element)[0];
    if (typeof weight === 'number') weights.set(element.coordinate, weight);
    if (size) listSizes.set(element.coordinate, listSize(size));
    if (typeof weight === 'number' || size) special.add(type);
  };
  for (const type of schema.types()) {
    read(type, type.name);
    if (isInputObjectType(type)) for (const field of type.fields()) read(field, type.name);
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of type.fields()) {
      read(field, type.name);
      for (const argument of field.arguments()) read(argument, type.name);
    }
  }
  // A list is as long as its interface says, where the type itself says nothing.
  for (const type of schema.objectTypes()) {
    for (const field of type.fields()) {
      const inherited = type
        .interfaces()
        .map(({ name }) => listSizes.get(`${name}.${field.name}`))
        .find((size) => size !== undefined);
      if (!inherited || listSizes.has(field.coordinate)) continue;
      listSizes.set(field.coordinate, inherited);
      special.add(type.name);
    }
  }
  return { weights, listSizes, special };
}

function listSize(given: Readonly<Record<string, unknown>>): ListSize {
  const assumed = given['assumedSize'];
  return {
    assumedSize: typeof assumed === 'number' ? assumed : undefined,
    slicingArguments: names(given['slicingArguments']),
    sizedFields: names(given['sizedFields']),
    requireOneSlicingArgument: given['requireOneSlicingArgument'] !== false,
  };
}

function names(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];
}
