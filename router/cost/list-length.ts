/** How long a list is expected to be: as its slicing arguments say, or its assumed size, or the usual one. */
import { badUserInput } from '@ordergraph/platform/errors.ts';
import { isRecord, type Variables } from '../request.ts';
import type { ArgumentValue } from './argument-cost.ts';
import type { ListSize } from './schema-costs.ts';

/**
 * The length that a field's `@listSize` gives; undefined if it gives none.
 * @throws BAD_USER_INPUT if exactly one slicing argument is needed and there is none, or more
 */
export function listLength(
  size: ListSize,
  field: string,
  given: { readonly values: readonly ArgumentValue[]; readonly variables: Variables },
): number | undefined {
  const slices = size.slicingArguments.flatMap((path) => sliceAt(path, given) ?? []);
  const explicit = slices.filter((slice) => slice.isGiven);
  if (size.requireOneSlicingArgument && size.slicingArguments.length > 0) {
    if (explicit.length > 1 || slices.length === 0) throw notOne(field, size);
  }
  const counted = explicit.length > 0 ? explicit : slices;
  return counted.length > 0 ? Math.max(...counted.map(({ length }) => length)) : size.assumedSize;
}

type Slice = {
  /** By the client, rather than by the schema's default. */
  readonly isGiven: boolean;
  readonly length: number;
};

function sliceAt(
  path: string,
  {
    values,
    variables,
  }: { readonly values: readonly ArgumentValue[]; readonly variables: Variables },
): Slice | undefined {
  const [name, ...fields] = path.split('.');
  const argument = values.find(({ definition }) => definition.name === name);
  let value = argument?.value(variables);
  for (const field of fields) {
    value = isRecord(value) && Object.hasOwn(value, field) ? value[field] : undefined;
  }
  if (!argument || typeof value !== 'number') return undefined;
  return { isGiven: argument.isGiven(variables), length: Math.max(0, value) };
}

function notOne(field: string, { slicingArguments }: ListSize) {
  const names = slicingArguments.map((name) => `"${name}"`).join(', ');
  return badUserInput(`The field "${field}" needs exactly one of the arguments ${names}.`);
}
