/** Figures about samples. */

/** The smallest sample that at least `share` (0 to 1) of all samples do not exceed; NaN without samples. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export type Spread = { readonly median: number; readonly lowest: number; readonly highest: number };

export function spread(samples: readonly number[]): Spread {
  return {
    median: percentile(samples, 0.5),
    lowest: percentile(samples, 0),
    highest: percentile(samples, 1),
  };
}

/** A figure with its spread, for example `212 (198–220)`. */
export function shown({ median, lowest, highest }: Spread, digits = 0): string {
  const [m, l, h] = [median, lowest, highest].map((value) => value.toFixed(digits));
  return l === h ? `${m}` : `${m} (${l}–${h})`;
}
