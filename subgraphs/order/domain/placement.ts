/** Prices a new order from the catalogue as this service knows it. Pure. */
import type { Money } from '@ordergraph/platform/money.ts';
import type { Address, Order, OrderChange, OrderLine, PaymentMeans } from './order.ts';

export type RequestedLine = {
  readonly sku: string;
  readonly quantity: number;
  readonly expectedUnitPrice: Money | null;
  /** A negotiated price, from a caller who may give one. */
  readonly unitPrice: Money | null;
};

export type PlaceOrder = {
  readonly customerId: string;
  readonly lines: readonly RequestedLine[];
  readonly shippingAddress: Address;
  readonly payment: PaymentMeans;
};

export type CatalogueEntry = { readonly sku: string; readonly name: string; readonly price: Money };

export type PlacementRejection =
  | { readonly code: 'UNKNOWN_SKU'; readonly line: number; readonly sku: string }
  | {
      readonly code: 'PRICE_CHANGED';
      readonly line: number;
      readonly sku: string;
      readonly expected: Money;
      readonly actual: Money;
    }
  | { readonly code: 'MIXED_CURRENCIES'; readonly line: number }
  | { readonly code: 'LIMIT_EXCEEDED' };

export type NewOrder = {
  readonly order: Omit<Order, 'number'>;
  readonly lines: readonly OrderLine[];
  readonly change: OrderChange;
};

export type PlacementDecision =
  | { readonly kind: 'accepted'; readonly placed: NewOrder }
  | { readonly kind: 'rejected'; readonly rejections: readonly PlacementRejection[] };

/** Identifiers and the instant, given so that the decision itself invents nothing. */
export type PlacementOccasion = {
  readonly now: Date;
  readonly orderId: string;
  readonly changeId: string;
  readonly newLineId: () => string;
};

/** Prices every line, or says of each line at fault why the order is refused. */
export function decidePlacement(
  command: PlaceOrder,
  catalogue: ReadonlyMap<string, CatalogueEntry>,
  occasion: PlacementOccasion,
): PlacementDecision {
  const rejections = command.lines.flatMap((line, i) => refusal(line, i, catalogue));
  if (rejections.length > 0) return { kind: 'rejected', rejections };
  const lines = command.lines.map((line) => priceLine(line, catalogue, occasion.newLineId()));
  const total = lines.reduce((sum, line) => sum + line.totalMinor, 0);
  if (!Number.isSafeInteger(total)) {
    return { kind: 'rejected', rejections: [{ code: 'LIMIT_EXCEEDED' }] };
  }
  const currencies = command.lines.map((line) => priceOf(line, catalogue)?.currency ?? '');
  const currency = currencies[0] ?? '';
  const other = currencies.findIndex((code) => code !== currency);
  if (other >= 0) {
    return { kind: 'rejected', rejections: [{ code: 'MIXED_CURRENCIES', line: other }] };
  }
  const { now, orderId, changeId } = occasion;
  const { customerId } = command;
  const reached = { status: 'PLACED', version: 1, holdExpiresAt: null } as const;
  return {
    kind: 'accepted',
    placed: {
      order: {
        ...reached,
        id: orderId,
        customerId,
        statusReason: null,
        currency,
        subtotalMinor: total,
        totalMinor: total,
        shippingAddress: command.shippingAddress,
        payment: command.payment,
        placedAt: now,
        updatedAt: now,
      },
      lines,
      change: {
        ...reached,
        id: changeId,
        orderId,
        customerId,
        previousStatus: null,
        reason: null,
        note: null,
        occurredAt: now,
      },
    },
  };
}

function refusal(
  line: RequestedLine,
  index: number,
  catalogue: ReadonlyMap<string, CatalogueEntry>,
): PlacementRejection[] {
  const entry = catalogue.get(line.sku);
  if (!entry) return [{ code: 'UNKNOWN_SKU', line: index, sku: line.sku }];
  const expected = line.expectedUnitPrice;
  if (!expected) return [];
  const same = expected.minor === entry.price.minor && expected.currency === entry.price.currency;
  return same
    ? []
    : [{ code: 'PRICE_CHANGED', line: index, sku: line.sku, expected, actual: entry.price }];
}

function priceOf(
  line: RequestedLine,
  catalogue: ReadonlyMap<string, CatalogueEntry>,
): Money | undefined {
  return line.unitPrice ?? catalogue.get(line.sku)?.price;
}

function priceLine(
  line: RequestedLine,
  catalogue: ReadonlyMap<string, CatalogueEntry>,
  id: string,
): OrderLine {
  const unitPriceMinor = priceOf(line, catalogue)?.minor ?? 0;
  return {
    id,
    sku: line.sku,
    name: catalogue.get(line.sku)?.name ?? line.sku,
    quantity: line.quantity,
    unitPriceMinor,
    totalMinor: unitPriceMinor * line.quantity,
  };
}
