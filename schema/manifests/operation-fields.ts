/** Which parts of the schema an operation uses, as schema coordinates: `Order.total`, `Query.orders(first:)`. */
import {
  TypeInfo,
  visit,
  visitWithTypeInfo,
  Kind,
  type ArgumentNode,
  type ASTNode,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';

/** The type of each field and argument used, by its coordinate. */
export type UsedFields = Readonly<Record<string, string>>;

/** The fields and arguments that a valid document uses, sorted, with their types. */
export function usedFields(schema: GraphQLSchema, document: DocumentNode): UsedFields {
  const types = new Map<string, string>();
  const info = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(info, {
      Field() {
        const coordinate = fieldAt(info);
        const type = info.getType();
        if (coordinate !== undefined && type) types.set(coordinate, String(type));
      },
      Argument(node) {
        const coordinate = fieldAt(info);
        const argument = info.getArgument();
        if (coordinate === undefined || !argument || info.getDirective()) return;
        types.set(`${coordinate}(${node.name.value}:)`, String(argument.type));
      },
    }),
  );
  return Object.fromEntries([...types].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The coordinate that each node of a document belongs to, also of fields that the schema does not have. */
export function coordinates(
  schema: GraphQLSchema,
  document: DocumentNode,
): ReadonlyMap<ASTNode, string> {
  const found = new Map<ASTNode, string>();
  const info = new TypeInfo(schema);
  const enclosing: string[] = [];
  const isFieldArgument = (node: ASTNode): node is ArgumentNode =>
    node.kind === Kind.ARGUMENT && !info.getDirective();
  visit(
    document,
    visitWithTypeInfo(info, {
      enter(node) {
        if (node.kind === Kind.FIELD) {
          enclosing.push(`${info.getParentType()?.name ?? '?'}.${node.name.value}`);
        }
        if (isFieldArgument(node)) enclosing.push(`${enclosing.at(-1)}(${node.name.value}:)`);
        const here = enclosing.at(-1);
        if (here !== undefined) found.set(node, here);
      },
      leave(node) {
        if (node.kind === Kind.FIELD || isFieldArgument(node)) enclosing.pop();
      },
    }),
  );
  return found;
}

function fieldAt(info: TypeInfo): string | undefined {
  const [parent, field] = [info.getParentType(), info.getFieldDef()];
  if (!parent || !field || field.name.startsWith('__')) return undefined;
  return `${parent.name}.${field.name}`;
}
