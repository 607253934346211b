/** Pauses between attempts: they double, up to a bound, and are uneven so that many do not try in step. */

const firstMs = 50;
const mostMs = 2_000;

/** The pause before an attempt, in milliseconds. @param failures attempts that failed before it */
export function backOffMs(failures: number): number {
  const evenMs = Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 16));
  return evenMs * (0.5 + Math.random() / 2);
}
