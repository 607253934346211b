/** What resolvers are given as parents. */
import type { Money } from '@ordergraph/platform/money.ts';
import type { Order, OrderChange, OrderStatus } from '../domain/order.ts';
import type { LineOfOrder } from '../store/orders.ts';

export type OrderSource = Order;
export type OrderLineSource = LineOfOrder & { readonly currency: string };
export type OrderEventSource = OrderChange;
export type MoneySource = Money;
export type ProductStub = { readonly sku: string };

export type OrderStatusChangeSource = {
  readonly cursor: string;
  readonly orderId: string;
  readonly status: OrderStatus;
  readonly previousStatus: OrderStatus | null;
  readonly version: number;
  readonly occurredAt: Date;
  readonly snapshot: boolean;
};

type RefusalText = { readonly message: string; readonly field: readonly string[] | null };

export type Refusal = RefusalText &
  (
    | {
        readonly __typename: 'BasicUserError';
        readonly code:
          | 'UNKNOWN_SKU'
          | 'INVALID_TRANSITION'
          | 'IDEMPOTENCY_KEY_REUSED'
          | 'NOT_FOUND'
          | 'LIMIT_EXCEEDED';
      }
    | {
        readonly __typename: 'PriceChanged';
        readonly code: 'PRICE_CHANGED';
        readonly sku: string;
        readonly expected: Money;
        readonly actual: Money;
      }
    | {
        readonly __typename: 'VersionConflict';
        readonly code: 'VERSION_CONFLICT';
        readonly expected: number;
        readonly actual: number;
      }
  );

/** A refusal without further data. */
export function basicRefusal(
  code: Extract<Refusal, { __typename: 'BasicUserError' }>['code'],
  message: string,
  field: readonly string[] | null = null,
): Refusal {
  return { __typename: 'BasicUserError', code, message, field };
}
