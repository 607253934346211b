/** A shop's client of the router: what its customers and staff do, over HTTP and a WebSocket. */
import { randomUUID } from 'node:crypto';
import type { TokenClaims } from '@ordergraph/scripts/development-token.ts';
import { overSocket, socketClient } from '@ordergraph/router/test/clients.ts';
import { z } from 'zod';
import { postGraphql, type Answer, type Operation } from './graphql-over-http.ts';
import {
  statusWatch,
  watchAllOperation,
  watchOperation,
  type StatusWatch,
} from './status-watch.ts';

const money = z.object({ amount: z.string(), currencyCode: z.string() });
const orderSchema = z.object({
  id: z.string(),
  number: z.string(),
  status: z.string(),
  statusReason: z.string().nullable(),
  version: z.int(),
  total: money,
  holdExpiresAt: z.string().nullable(),
});
const outcomeSchema = z.object({
  order: orderSchema.nullable(),
  replayed: z.boolean(),
  userErrors: z.array(
    z.looseObject({ code: z.string(), message: z.string(), field: z.array(z.string()).nullable() }),
  ),
});

export type Money = z.infer<typeof money>;
export type OrderView = z.infer<typeof orderSchema>;
export type Outcome = z.infer<typeof outcomeSchema>;

export type NewLine = {
  readonly sku: string;
  readonly quantity: number;
  readonly expectedUnitPrice?: Money;
  readonly unitPrice?: Money;
};
export type NewOrder = {
  readonly lines: readonly NewLine[];
  /** What the sandbox provider does with the payment; `tok_ok` if not given. */
  readonly token?: string;
  /** Where mails go; nowhere if not given. */
  readonly email?: string;
  /** A new one if not given. */
  readonly idempotencyKey?: string;
};

export type Storefront = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Any operation; the answer may hold errors. */
  run(operation: Operation): Promise<Answer>;
  /** Any operation's data. @throws if there are errors */
  data<S extends z.ZodType>(operation: Operation, shape: S): Promise<z.infer<S>>;
  placeOrder(order: NewOrder): Promise<Outcome>;
  payOrder(payment: { orderId: string; token: string; idempotencyKey?: string }): Promise<Outcome>;
  cancelOrder(cancellation: {
    orderId: string;
    reason?: string;
    expectedVersion?: number;
    idempotencyKey?: string;
  }): Promise<Outcome>;
  order(id: string): Promise<OrderView | null>;
  /** Follows an order from its present state on, or from behind a cursor. */
  watch(orderId: string, after?: string): StatusWatch;
  /** Follows all orders that the caller may see, from now on or from behind a cursor. */
  watchAll(after?: string): StatusWatch;
  close(): Promise<void>;
};

export type Doorway = {
  /** The router's GraphQL endpoint. */
  readonly url: string;
  token(claims: Partial<TokenClaims>): Promise<string>;
};

const orderFields =
  'id number status statusReason version total { amount currencyCode } holdExpiresAt';
const outcomeFields = `order { ${orderFields} } replayed
  userErrors {
    code message field
    ... on PriceChanged { expected { amount currencyCode } actual { amount currencyCode } }
    ... on VersionConflict { expectedVersion: expected actualVersion: actual }
  }`;

const operations = {
  placeOrder: `mutation Place($input: PlaceOrderInput!) { outcome: placeOrder(input: $input) { ${outcomeFields} } }`,
  payOrder: `mutation Pay($input: PayOrderInput!) { outcome: payOrder(input: $input) { ${outcomeFields} } }`,
  cancelOrder: `mutation Cancel($input: CancelOrderInput!) { outcome: cancelOrder(input: $input) { ${outcomeFields} } }`,
  order: `query Order($id: ID!) { order(id: $id) { ${orderFields} } }`,
};

/** Opens the shop to a caller: `alice`, a customer, if not told otherwise. */
export async function openStorefront(
  doorway: Doorway,
  claims: Partial<TokenClaims> = {},
): Promise<Storefront> {
  const { url } = doorway;
  const authorization = `Bearer ${await doorway.token(claims)}`;
  const socket = socketClient(url, { Authorization: authorization });
  const headers = { authorization };
  const run = (operation: Operation): Promise<Answer> => postGraphql(url, operation, headers);
  const data = async <S extends z.ZodType>(operation: Operation, shape: S): Promise<z.infer<S>> => {
    const answer = await run(operation);
    if (answer.errors.length > 0) throw new Error(answer.text);
    return shape.parse(answer.data);
  };
  const mutate = async (
    query: string,
    input: Readonly<Record<string, unknown>>,
  ): Promise<Outcome> => {
    const variables = { input: { idempotencyKey: randomUUID(), ...input } };
    return (await data({ query, variables }, z.object({ outcome: outcomeSchema }))).outcome;
  };
  const subscribe = (query: string, variables: Record<string, unknown>): StatusWatch =>
    statusWatch(overSocket(socket, { query, variables }));

  return {
    url,
    headers,
    run,
    data,
    placeOrder: (order) => mutate(operations.placeOrder, placeOrderInput(order)),
    payOrder: ({ token, ...rest }) =>
      mutate(operations.payOrder, { ...rest, payment: { channel: 'SANDBOX', token } }),
    cancelOrder: (cancellation) => mutate(operations.cancelOrder, cancellation),
    order: async (id) =>
      (
        await data(
          { query: operations.order, variables: { id } },
          z.object({ order: orderSchema.nullable() }),
        )
      ).order,
    watch: (orderId, after) => subscribe(watchOperation, { orderId, after }),
    watchAll: (after) => subscribe(watchAllOperation, { after }),
    close: async () => socket.dispose(),
  };
}

/** The order that was placed. @throws if it was refused */
export function placedIn(outcome: { order: OrderView | null; userErrors?: unknown }): OrderView {
  if (outcome.order) return outcome.order;
  throw new Error(`No order was placed: ${JSON.stringify(outcome.userErrors)}`);
}

/** An order as `placeOrder` takes it, but for a key that was not given. */
export function placeOrderInput(order: NewOrder): Record<string, unknown> {
  const { lines, token = 'tok_ok', email, idempotencyKey } = order;
  return {
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    lines,
    shippingAddress: {
      name: 'Ada Lovelace',
      line1: '12 St James’s Square',
      city: 'London',
      postalCode: 'SW1Y 4JH',
      countryCode: 'GB',
      ...(email === undefined ? {} : { email }),
    },
    payment: { channel: 'SANDBOX', token },
  };
}
