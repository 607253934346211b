/** Changes of the catalogue and of stock, by staff. */
import { requireStaff } from '@ordergraph/platform/access.ts';
import type { ProductResult } from '../commands.ts';
import type { Context } from './context.ts';
import type { MutationResolvers } from './generated.ts';
import { delta, line, money, prose, withoutCardNumber } from './input.ts';
import { forgetProduct } from './loaders.ts';

export const mutation: MutationResolvers<Context> = {
  async upsertProduct(_parent, { input }, context) {
    const caller = requireStaff(context.identity);
    const unitPrice = money(input.unitPrice, ['input', 'unitPrice']);
    const result = await context.inventory.upsertProduct({
      caller,
      idempotencyKey: line(input.idempotencyKey, ['input', 'idempotencyKey'], 255),
      cause: context.cause,
      product: {
        sku: line(input.sku, ['input', 'sku'], 64),
        name: writtenLine(input.name, ['input', 'name'], 255),
        description: withoutCardNumber(prose(input.description, ['input', 'description'], 4_000), [
          'input',
          'description',
        ]),
        unitPriceMinor: unitPrice.minor,
        currency: unitPrice.currency,
      },
    });
    return toPayload(result, context);
  },

  async adjustStock(_parent, { input }, context) {
    const caller = requireStaff(context.identity);
    const result = await context.inventory.adjustStock({
      caller,
      idempotencyKey: line(input.idempotencyKey, ['input', 'idempotencyKey'], 255),
      cause: context.cause,
      sku: line(input.sku, ['input', 'sku'], 64),
      warehouse: writtenLine(input.warehouse ?? 'main', ['input', 'warehouse'], 64),
      delta: delta(input.delta, ['input', 'delta']),
      reason: writtenLine(input.reason, ['input', 'reason'], 255),
    });
    return toPayload(result, context);
  },
};

function writtenLine(text: string, field: readonly string[], lengthMax: number): string {
  return withoutCardNumber(line(text, field, lengthMax), field);
}

function toPayload(result: ProductResult, { loaders }: Context) {
  if (result.kind === 'refused') {
    return { product: null, replayed: false, userErrors: [result.refusal] };
  }
  // Another change in the same operation may have loaded the product before.
  forgetProduct(loaders, result.product.sku);
  return { product: result.product, replayed: result.replayed, userErrors: [] };
}
