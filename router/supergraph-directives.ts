/** Directives of core features as they stand in a composed supergraph, whatever names its subgraphs imported them by. */
import type { Directive, Schema } from '@apollo/federation-internals';
import { isRecord } from './request.ts';

/** Anything in the schema that can carry a directive. */
type Element = {
  appliedDirectivesOf(name: string): readonly Pick<Directive, 'arguments'>[];
};

export type DirectiveReader = (element: Element) => readonly Readonly<Record<string, unknown>>[];

/**
 * Makes the function that reads one directive's uses on an element, each as its arguments.
 * @param feature the identity of the specification that the directive is of, a URL without version
 */
export function directiveReader(
  schema: Schema,
  feature: string,
  directive: string,
): DirectiveReader {
  const name = schema.coreFeatures?.getByIdentity(feature)?.directiveNameInSchema(directive);
  if (name === undefined || !schema.directive(name)) return () => [];
  return (element) =>
    element.appliedDirectivesOf(name).map((use) => {
      const given: unknown = use.arguments(true);
      return isRecord(given) ? given : {};
    });
}
