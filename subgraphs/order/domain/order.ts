/** What an order is. Amounts are minor units of the order's currency. */
export type OrderStatus =
  | 'PLACED'
  | 'RESERVED'
  | 'CONFIRMED'
  | 'REJECTED'
  | 'EXPIRED'
  | 'CANCELLING'
  | 'CANCELLED'
  | 'ON_HOLD';

export type OrderLine = {
  readonly id: string;
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly unitPriceMinor: number;
  readonly totalMinor: number;
};

export type Address = {
  readonly name: string;
  readonly line1: string;
  readonly line2: string | null;
  readonly city: string;
  readonly region: string | null;
  readonly postalCode: string;
  readonly countryCode: string;
  readonly phone: string | null;
  readonly email: string | null;
};

export type PaymentMeans = { readonly channel: 'SANDBOX'; readonly token: string };

/** An order without its lines, which never change after placement. */
export type Order = {
  readonly id: string;
  readonly number: string;
  readonly customerId: string;
  readonly status: OrderStatus;
  readonly statusReason: string | null;
  /** Counts changes from 1. */
  readonly version: number;
  readonly currency: string;
  readonly subtotalMinor: number;
  readonly totalMinor: number;
  readonly shippingAddress: Address;
  readonly payment: PaymentMeans;
  readonly placedAt: Date;
  readonly updatedAt: Date;
  readonly holdExpiresAt: Date | null;
};

/** One entry of an order's history: the fold of them is the order's row. */
export type OrderChange = {
  readonly id: string;
  readonly orderId: string;
  readonly customerId: string;
  readonly version: number;
  readonly previousStatus: OrderStatus | null;
  readonly status: OrderStatus;
  readonly reason: string | null;
  readonly note: string | null;
  readonly holdExpiresAt: Date | null;
  readonly occurredAt: Date;
};

/** States that nothing follows. */
export const finalStatuses: ReadonlySet<OrderStatus> = new Set([
  'REJECTED',
  'EXPIRED',
  'CANCELLED',
]);
