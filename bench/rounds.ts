/**
 * Rounds: every measurement once, then all of them again. A machine that gets slower or faster meanwhile then does so to
 * all alike; every other round runs backwards, so that none always follows the same neighbour.
 */

/** Measures every case once a round; the samples of each case are in the order of the rounds. */
export async function interleave<C, R>(
  cases: readonly C[],
  rounds: number,
  measure: (one: C, round: number) => Promise<R>,
): Promise<R[][]> {
  const samples: R[][] = cases.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    const order = [...cases.entries()];
    for (const [i, one] of round % 2 === 0 ? order : order.toReversed()) {
      samples[i]?.push(await measure(one, round));
    }
  }
  return samples;
}
