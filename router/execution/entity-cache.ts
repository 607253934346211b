/** What a run of a plan needs of a place where entities that everybody may see are kept between requests. */
import type { RequestPart, ValueText } from './entity-request.ts';

export type EntityCache = {
  /** Never rejects. Undefined if none of the parts is known to be for everybody: then nobody is asked. */
  find(parts: readonly RequestPart[], valueText: ValueText): Promise<KeptEntities> | undefined;
  /**
   * To be told what a part was answered with, before anything is done to it.
   * @param publicForMs of the whole answer; undefined if it is not for everybody
   */
  answered(part: RequestPart, entities: readonly unknown[], publicForMs: number | undefined): void;
};

export type KeptEntities = {
  /** In the places of their representations; undefined where there is none. */
  readonly found: ReadonlyMap<RequestPart, readonly unknown[]>;
  /** What is left to be fetched. */
  readonly missing: readonly RequestPart[];
  /** For which all that was found is still good; infinite if nothing was found. */
  readonly remainingMs: number;
};
