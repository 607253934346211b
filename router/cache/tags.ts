/**
 * What kept answers depend on. An entry carries the tags of all that it was made from; whoever changes something renews the
 * tags of it:
 *
 * | tag                     | on                                            | renewed                                     |
 * | ----------------------- | --------------------------------------------- | ------------------------------------------- |
 * | everything              | every entry                                   | when a change may have been missed          |
 * | of a type, in answers   | answers in which objects of the type can be   | with every change of one of them            |
 * | of a type, as entities  | entities of the type                          | with a change of which it is not known whose |
 * | of an entity            | that entity                                   | with a change of it                         |
 */
export type Tag = string;

export const everything: Tag = 'everything';

export function inAnswers(type: string): Tag {
  return `in answers: ${type}`;
}

export function asEntities(type: string): Tag {
  return `as entities: ${type}`;
}

/** @param key values by field name; numbers and texts that look alike are alike, as in `ID` */
export function ofEntity(type: string, key: EntityKey): Tag {
  const values = Object.keys(key)
    .toSorted()
    .map((field) => [field, String(key[field])]);
  return `entity: ${type} ${JSON.stringify(values)}`;
}

export type EntityKey = Readonly<Record<string, string | number>>;

/** Renewed where any object of a type may have changed. */
export function ofType(type: string): readonly Tag[] {
  return [inAnswers(type), asEntities(type)];
}
