/**
 * The manifests that partners have handed in: `partners/<name>.json`. Composition fails when the schema no longer serves
 * one of their operations. Beside each stands `<name>.types.json`: the types its operations were built against.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { parse, type GraphQLSchema } from 'graphql';
import { checkManifest, type CheckedOperation } from './manifest-check.ts';
import { readManifest, NotAManifest, type ManifestFault } from './manifest-file.ts';
import type { UsedFields } from './operation-fields.ts';
import { brokenTypes } from './recorded-types.ts';

export type PartnerFault = ManifestFault & { readonly partner: string };

export type CommittedManifest = {
  readonly partner: string;
  readonly faults: readonly ManifestFault[];
  /** The fields' types as they are to be recorded, and as they are. */
  readonly types: UsedFields;
  readonly recorded: UsedFields;
};

const tokensMax = 5_000;
const typesSuffix = '.types.json';

/** Checks every manifest in a folder against a schema. */
export async function checkCommittedManifests(
  folder: URL,
  schema: GraphQLSchema,
): Promise<readonly CommittedManifest[]> {
  const files = (await readdir(folder)).filter(
    (file) => file.endsWith('.json') && !file.endsWith(typesSuffix),
  );
  return Promise.all(
    files.toSorted().map((file) => checkOne(folder, file.slice(0, -'.json'.length), schema)),
  );
}

/** Writes down the types that clients rely on from now on. */
export async function recordTypes(folder: URL, { partner, types }: CommittedManifest) {
  const text = `${JSON.stringify(types, undefined, 2)}\n`;
  await writeFile(new URL(`${partner}${typesSuffix}`, folder), text);
}

/** A fault as a line for people, which names partner, operation and field. */
export function faultLine({ partner, operation, field, reason }: PartnerFault): string {
  return `partner ${partner}, operation ${operation}${field ? `, ${field}` : ''}: ${reason}`;
}

async function checkOne(
  folder: URL,
  partner: string,
  schema: GraphQLSchema,
): Promise<CommittedManifest> {
  const text = await readFile(new URL(`${partner}.json`, folder), 'utf8');
  const recorded = await readTypes(new URL(`${partner}${typesSuffix}`, folder));
  try {
    const { operations, faults } = checkManifest(readManifest(text), {
      schema,
      parse: (source) => parse(source, { maxTokens: tokensMax }),
    });
    // What was once promised stays as it was recorded, even if the schema promises more by now.
    const used: UsedFields = Object.assign({}, ...operations.map(reliedOn));
    const types = Object.fromEntries(
      Object.keys(used)
        .toSorted()
        .map((field) => [field, recorded[field] ?? used[field] ?? '']),
    );
    const broken = typeFaults(operations, recorded, schema);
    return { partner, faults: [...faults, ...broken], types, recorded };
  } catch (error) {
    if (!(error instanceof NotAManifest)) throw error;
    const faults = [{ operation: '(all)', reason: error.message }];
    return { partner, faults, types: recorded, recorded };
  }
}

/** What an operation relies on, by coordinate. */
export function reliedOn({ fields, inputs }: CheckedOperation): UsedFields {
  return { ...fields, ...inputs };
}

/** A fault for each operation that relies on a type which is not what was recorded. */
export function typeFaults(
  operations: readonly CheckedOperation[],
  recorded: UsedFields,
  schema: GraphQLSchema,
): readonly ManifestFault[] {
  return brokenTypes(recorded, schema).flatMap(({ field, was, is }) =>
    operations
      .filter((operation) => relies(operation, field))
      .map(({ name }) => ({ operation: name, field, reason: `was ${was} and is now ${is}` })),
  );
}

/** An input field that is gone, or new, concerns whoever sends its type. */
function relies(operation: CheckedOperation, field: string): boolean {
  const used = reliedOn(operation);
  const [type] = field.split('.', 1);
  return (
    field in used || Object.keys(operation.inputs).some((input) => input.startsWith(`${type}.`))
  );
}

async function readTypes(file: URL): Promise<UsedFields> {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  return JSON.parse(text) as UsedFields;
}
