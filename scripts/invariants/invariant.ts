/** What an invariant is, and how one is examined while the system is at work. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Scene } from './scene.ts';

export type Row = Readonly<Record<string, unknown>>;

/** A row at fault. Until `toleratedUntil` it may be on its way to being right. */
export type Offence = { readonly row: Row; readonly toleratedUntil?: Date };

export type Finding = {
  /** How many rows were looked at. */
  readonly checked: number;
  readonly offences: readonly Offence[];
};

export type Invariant = {
  /** The number in docs/guarantees.md. */
  readonly number: number;
  readonly promise: string;
  check(scene: Scene): Promise<Finding>;
};

export type Verdict = {
  readonly invariant: Invariant;
  readonly checked: number;
  /** Empty if the promise is kept. */
  readonly offenders: readonly Row[];
  readonly tookMs: number;
};

/** No more offences than these are gathered of one invariant. */
export const offencesMax = 1_000;

/**
 * Looks until it is sure. Databases cannot be read at one instant, and some rows may be late for a while; so a row is
 * at fault only if it is so at two looks in a row and its tolerance has run out, and what is still tolerated is looked
 * at again until it is right or late.
 */
export async function examine(invariant: Invariant, scene: Scene): Promise<Verdict> {
  const startedAtMs = performance.now();
  const offenders = new Map<string, Row>();
  let finding = await invariant.check(scene);
  let suspects = new Map(finding.offences.map((offence) => [keyOf(offence.row), offence]));
  while (suspects.size > 0) {
    await pause(scene.grace.lookAgainMs);
    finding = await invariant.check(scene);
    const still = new Set(finding.offences.map(({ row }) => keyOf(row)));
    suspects = new Map([...suspects].filter(([key]) => still.has(key)));
    for (const [key, { row, toleratedUntil }] of suspects) {
      if (toleratedUntil && toleratedUntil.getTime() > Date.now()) continue;
      offenders.set(key, row);
      suspects.delete(key);
    }
  }
  return {
    invariant,
    checked: finding.checked,
    offenders: [...offenders.values()],
    tookMs: performance.now() - startedAtMs,
  };
}

function keyOf(row: Row): string {
  return JSON.stringify(row);
}
