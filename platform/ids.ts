/**
 * Identifiers are TypeIDs (github.com/jetify-com/typeid): a prefix naming the kind and a UUIDv7 in base 32, so that
 * they sort by time of creation and cannot be mistaken for one another.
 */
import { TypeID, typeid } from 'typeid-js';

export type IdPrefix =
  | 'ord'
  | 'oln'
  | 'evt'
  | 'rsv'
  | 'pay'
  | 'att'
  | 'ref'
  | 'ltx'
  | 'ntf'
  | 'whk'
  | 'mov'
  | 'ptn';

/** A fresh identifier, for example `ord_01jc2x…`. */
export function newId<P extends IdPrefix>(prefix: P): `${P}_${string}` {
  return typeid(prefix).toString() as `${P}_${string}`;
}

/** Whether a text is a well-formed identifier of the given kind. Never throws. */
export function isId(prefix: IdPrefix, text: string): boolean {
  if (text.length !== prefix.length + 27 || !text.startsWith(`${prefix}_`)) return false;
  try {
    TypeID.fromString(text, prefix);
    return true;
  } catch {
    return false;
  }
}
