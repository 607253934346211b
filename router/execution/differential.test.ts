/**
 * Answers of our executor beside those of the stock one, and beside those of one schema that holds everything and needs no
 * router at all: where stock and we differ, that schema tells who is right. What is compared:
 *
 * - data: deep-equal to the whole schema's, for every operation. Where stock differs it is therefore stock that is wrong
 *   (fields that require others with arguments, arguments from a context, conditions on fields that require others,
 *   objects known by their interface only, plans that its planner fails to make); it must agree on most.
 * - errors: the places of the answer that are null because of an error are the same, and where one error explains one
 *   place, its code is the same. Which of several errors in a part that became null are told is left open.
 * - with a subgraph that is away or talks nonsense nobody but stock can be asked: whatever stock still answers we answer
 *   likewise, and every error names that subgraph.
 */
import { isDeepStrictEqual } from 'node:util';
import { assert, asyncProperty, constantFrom } from 'fast-check';
import { expect, test } from 'vitest';
import { isRecord } from '../request.ts';
import {
  codesByPlace,
  createComparison,
  nullsByErrors,
  publicAnswer,
  type Answer,
  type Asked,
  type Routed,
} from '../test/federation/comparison.ts';
import { operationsOver } from '../test/federation/generated-operations.ts';
import { federationServices, wholeAnswer, type Fault } from '../test/federation/services.ts';
import { subgraphSdl } from '../test/federation/subgraphs.ts';

const operationsPerRun = 2_000;
const operationsWithFaults = 300;
const timeout = 600_000;

const comparison = createComparison(federationServices());
const { apiSchema } = comparison.supergraph;
const operations = operationsOver(apiSchema);

/** Undefined where the planner fails on what it is given as it is. */
async function unlessUnplannable(answer: Promise<Routed>): Promise<Routed | undefined> {
  try {
    return await answer;
  } catch {
    return undefined;
  }
}

function expectSame(own: Answer, whole: Answer): void {
  expect(own.data).toEqual(whole.data);
  expect(nullsByErrors(own)).toEqual(nullsByErrors(whole));
  const codes = codesByPlace(whole);
  for (const [place, code] of codesByPlace(own)) expect(code).toBe(codes.get(place) ?? code);
}

test(
  'generated operations have the answers of the schema as a whole, and those of stock where it is right',
  { timeout },
  async () => {
    let agreed = 0;
    const check = async (asked: Asked): Promise<void> => {
      const own = await comparison.own(asked);
      const whole = publicAnswer(await wholeAnswer(apiSchema, asked.document, asked.variables));
      expectSame(own, whole);
      const stock = await unlessUnplannable(comparison.stock(asked));
      if (isDeepStrictEqual(stock?.data, own.data)) agreed += 1;
    };
    await assert(asyncProperty(operations, check), { numRuns: operationsPerRun });
    expect(agreed).toBeGreaterThan(operationsPerRun * 0.75);
  },
);

test(
  'operations planned once for all values of their conditions have the answers of stock, or better ones',
  { timeout },
  async () => {
    let planned = 0;
    const check = async (asked: Asked): Promise<void> => {
      const general = await unlessUnplannable(comparison.ownGeneral(asked));
      const stock = await unlessUnplannable(comparison.stock(asked));
      const whole = publicAnswer(await wholeAnswer(apiSchema, asked.document, asked.variables));
      // What the planner does wrong with conditions, it does here as well.
      const right = isDeepStrictEqual(general?.data, stock?.data) ? stock : whole;
      expect(general?.data ?? right?.data).toEqual(right?.data);
      if (general) planned += 1;
    };
    await assert(asyncProperty(operations, check), { numRuns: operationsWithFaults });
    expect(planned).toBeGreaterThan(operationsWithFaults * 0.75);
  },
);

const faults: Readonly<Record<string, Fault>> = {
  away: () => ({ kind: 'failure', code: 'SERVICE_UNAVAILABLE' }),
  late: () => ({ kind: 'failure', code: 'TIMEOUT' }),
  empty: () => ({ kind: 'answer', data: {}, errors: [] }),
  refusing: () => ({
    kind: 'answer',
    data: null,
    errors: [{ message: 'no', extensions: { code: 'FORBIDDEN' } }],
  }),
};

/** Whether `part` says nothing that `whole` does not: null stands for anything. */
function within(part: unknown, whole: unknown): boolean {
  if (part === null || part === undefined) return true;
  if (Array.isArray(part)) {
    return (
      Array.isArray(whole) &&
      part.length === whole.length &&
      part.every((item, i) => within(item, whole[i]))
    );
  }
  if (!isRecord(part)) return isDeepStrictEqual(part, whole);
  return isRecord(whole) && Object.entries(part).every(([key, value]) => within(value, whole[key]));
}

test.each(Object.keys(faults))(
  'with a subgraph that is %s we answer all that stock answers, and the truth',
  { timeout },
  async (kind) => {
    const fault = faults[kind];
    if (!fault) throw new Error('no such fault');
    const check = async (asked: Asked, name: string): Promise<void> => {
      const broken = new Map([[name, fault]]);
      const own = await comparison.own(asked, broken);
      const whole = publicAnswer(await wholeAnswer(apiSchema, asked.document, asked.variables));
      expect(within(own.data, whole.data)).toBe(true);
      const stock = await unlessUnplannable(comparison.stock(asked, broken));
      const right = stock && within(stock.data, whole.data) ? stock.data : null;
      expect(within(right, own.data)).toBe(true);
    };
    const names = constantFrom(...Object.keys(subgraphSdl));
    await assert(asyncProperty(operations, names, check), { numRuns: operationsWithFaults });
  },
);
