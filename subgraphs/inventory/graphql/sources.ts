/** What resolvers are given as parents: the codegen maps GraphQL types to these. */
import type { Money } from '@ordergraph/platform/money.ts';
import type { Product } from '../domain/product.ts';
import type { Refusal } from '../domain/refusal.ts';
import type { StoredReservation } from '../store/orders.ts';

export type ProductSource = Product;
/** The order is the order service's; only its id is known here. */
export type OrderSource = { readonly id: string };
export type ReservationSource = StoredReservation;
export type MoneySource = Money;
export type RefusalSource = Refusal;
