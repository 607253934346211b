/** Puts the products of a plan into the catalogue and the stock that its orders take into the warehouse, once a run. */
import { formatAmount } from '@ordergraph/platform/money.ts';
import { z } from 'zod';
import { Refused, type Api } from './api.ts';
import { currency, type Plan, type PlannedProduct } from './plan.ts';

/** So many changes travel in one operation, each under an alias. */
const changesPerOperation = 50;
const operationsAtOnce = 4;

type Change = { readonly what: 'product' | 'stock'; readonly product: PlannedProduct };

const payloadSchema = z.object({
  userErrors: z.array(z.object({ code: z.string(), message: z.string() })),
});

/**
 * Books everything; each change has a key of the run, so doing it again changes nothing.
 * @throws Refused if the server does not take a change
 */
export async function stockUp(
  api: Api,
  work: { plan: Plan; run: string; progress: (done: number) => void },
): Promise<void> {
  const { plan, run, progress } = work;
  let done = 0;
  // A product must be there before its stock is.
  for (const what of ['product', 'stock'] as const) {
    const batches = inBatches(plan.products.map((product): Change => ({ what, product })));
    const worker = async (): Promise<void> => {
      for (let batch = batches.shift(); batch; batch = batches.shift()) {
        await book(api, batch, run);
        done += batch.length;
        progress(done);
      }
    };
    await Promise.all(Array.from({ length: operationsAtOnce }, worker));
  }
}

async function book(api: Api, changes: readonly Change[], run: string): Promise<void> {
  const data = await api.run({
    query: operationFor(changes),
    variables: Object.fromEntries(changes.map((change, i) => [`input${i}`, inputOf(change, run)])),
    data: z.record(z.string(), payloadSchema),
  });
  for (const { userErrors } of Object.values(data)) {
    const [error] = userErrors;
    if (error) throw new Refused(`${error.code}: ${error.message}`);
  }
}

function operationFor(changes: readonly Change[]): string {
  const variables = changes.map(
    ({ what }, i) =>
      `$input${i}: ${what === 'product' ? 'UpsertProductInput' : 'AdjustStockInput'}!`,
  );
  const fields = changes.map(
    ({ what }, i) =>
      `change${i}: ${what === 'product' ? 'upsertProduct' : 'adjustStock'}(input: $input${i}) { userErrors { code message } }`,
  );
  return `mutation StockUp(${variables.join(', ')}) {\n${fields.join('\n')}\n}`;
}

function inputOf({ what, product }: Change, run: string): Record<string, unknown> {
  const { sku, name, unitPriceMinor, quantity } = product;
  const idempotencyKey = `replay:${run}:${what}:${sku}`;
  if (what === 'stock') return { idempotencyKey, sku, delta: quantity, reason: `replay ${run}` };
  const amount = formatAmount({ minor: unitPriceMinor, currency });
  return { idempotencyKey, sku, name, unitPrice: { amount, currencyCode: currency } };
}

function inBatches(changes: readonly Change[]): Change[][] {
  return Array.from({ length: Math.ceil(changes.length / changesPerOperation) }, (_, i) =>
    changes.slice(i * changesPerOperation, (i + 1) * changesPerOperation),
  );
}
