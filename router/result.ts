/** The result of an operation on its way to a client: its data is JSON text already, and is never parsed again. */
import type { FieldNode, GraphQLFormattedError } from 'graphql';

export type OperationResult = {
  /** As JSON; undefined if nothing was executed. */
  readonly data: string | undefined;
  readonly errors: readonly GraphQLFormattedError[];
  /** How many objects of each kind the data has, where that was counted. */
  readonly objects?: ObjectCounts | undefined;
  /** For how long everybody may be given it, in milliseconds from now on; undefined if it is not for everybody. */
  readonly publicForMs?: number | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
};

/** Fields that objects of one type are written with: which, and how the client asked for them. */
export type WrittenFields = readonly {
  /** `Type.field` */
  readonly coordinate: string;
  readonly nodes: readonly FieldNode[];
}[];

export type ObjectCounts = ReadonlyMap<WrittenFields, number>;

/** The result as a GraphQL response. */
export function resultText({ data, errors, extensions }: OperationResult): string {
  const end = extensions ? `,"extensions":${JSON.stringify(extensions)}}` : '}';
  if (errors.length === 0) return `{"data":${data ?? 'null'}${end}`;
  const list = `"errors":${JSON.stringify(errors)}`;
  return data === undefined ? `{${list}${end}` : `{${list},"data":${data}${end}`;
}
