import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { OrderSource, OrderLineSource, OrderEventSource, OrderStatusChangeSource, ProductStub, MoneySource, Refusal } from './sources.ts';
export type Maybe<T> = T | null;
export type InputMaybe<T> = T | null | undefined;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** An ISO 3166-1 alpha-2 country code, for example `DE`. */
  CountryCode: { input: string; output: string; }
  /** An ISO 4217 currency code, for example `GBP`. */
  CurrencyCode: { input: string; output: string; }
  /** An instant in UTC as RFC 3339, for example `2026-11-22T17:30:00.000Z`. */
  DateTime: { input: string; output: Date | string; }
  /** An exact decimal number as a string, for example `"12.50"`; never a float. */
  Decimal: { input: string; output: string; }
  _FieldSet: { input: unknown; output: unknown; }
};

/** A postal address. */
export type Address = {
  readonly __typename?: 'Address';
  /** Town. */
  readonly city: Scalars['String']['output'];
  /** Country. */
  readonly countryCode: Scalars['CountryCode']['output'];
  /** Where messages about the order go. */
  readonly email: Maybe<Scalars['String']['output']>;
  /** Street and number. */
  readonly line1: Scalars['String']['output'];
  /** What does not fit the first line. */
  readonly line2: Maybe<Scalars['String']['output']>;
  /** The recipient. */
  readonly name: Scalars['String']['output'];
  /** Telephone number for the carrier. */
  readonly phone: Maybe<Scalars['String']['output']>;
  /** Postal code. */
  readonly postalCode: Scalars['String']['output'];
  /** State, county or province. */
  readonly region: Maybe<Scalars['String']['output']>;
};

/** A postal address given by a client; each part has at most 255 characters. */
export type AddressInput = {
  /** Town. */
  readonly city: Scalars['String']['input'];
  /** Country. */
  readonly countryCode: Scalars['CountryCode']['input'];
  /** Where messages about the order go. */
  readonly email?: InputMaybe<Scalars['String']['input']>;
  /** Street and number. */
  readonly line1: Scalars['String']['input'];
  /** What does not fit the first line. */
  readonly line2?: InputMaybe<Scalars['String']['input']>;
  /** The recipient. */
  readonly name: Scalars['String']['input'];
  /** Telephone number for the carrier. */
  readonly phone?: InputMaybe<Scalars['String']['input']>;
  /** Postal code. */
  readonly postalCode: Scalars['String']['input'];
  /** State, county or province. */
  readonly region?: InputMaybe<Scalars['String']['input']>;
};

/** A refusal that carries no further data. */
export type BasicUserError = UserError & {
  readonly __typename?: 'BasicUserError';
  /** What a program can rely on. */
  readonly code: UserErrorCode;
  /** The path of the input field at fault. */
  readonly field: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** What a person can read. */
  readonly message: Scalars['String']['output'];
};

/** Asks for an order to be cancelled. */
export type CancelOrderInput = {
  /** Refuse if the order has changed since this version. */
  readonly expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** 1 to 255 characters, unique per caller. */
  readonly idempotencyKey: Scalars['String']['input'];
  /** The order. */
  readonly orderId: Scalars['ID']['input'];
  /** Why, for people; at most 255 characters. */
  readonly reason?: InputMaybe<Scalars['String']['input']>;
};

/** The answer to `cancelOrder`. */
export type CancelOrderPayload = {
  readonly __typename?: 'CancelOrderPayload';
  /** The order, `CANCELLING`; null if refused. */
  readonly order: Maybe<Order>;
  /** Whether this request was answered before, under the same key. */
  readonly replayed: Scalars['Boolean']['output'];
  /** Why the cancellation was refused. */
  readonly userErrors: ReadonlyArray<UserError>;
};

/** An amount of money, exact to the currency's minor unit. */
export type Money = {
  readonly __typename?: 'Money';
  /** The amount in the currency's major unit. */
  readonly amount: Scalars['Decimal']['output'];
  /** The currency of the amount. */
  readonly currencyCode: Scalars['CurrencyCode']['output'];
};

/** An amount of money given by a client. */
export type MoneyInput = {
  /** The amount in the currency's major unit, with no more decimals than the currency has. */
  readonly amount: Scalars['Decimal']['input'];
  /** The currency of the amount. */
  readonly currencyCode: Scalars['CurrencyCode']['input'];
};

export type Mutation = {
  readonly __typename?: 'Mutation';
  /** Cancels an order: its stock is freed and its money is void or refunded. */
  readonly cancelOrder: CancelOrderPayload;
  /** Places an order. It is durable when this answers; stock, payment and messages follow, and can be watched live. */
  readonly placeOrder: PlaceOrderPayload;
};


export type MutationCancelOrderArgs = {
  input: CancelOrderInput;
};


export type MutationPlaceOrderArgs = {
  input: PlaceOrderInput;
};

/** An order. Prices and names are those of the moment it was placed. */
export type Order = {
  readonly __typename?: 'Order';
  /** Every change of the order's state, oldest first. */
  readonly history: OrderEventConnection;
  /** Until when stock is held for payment; null unless `RESERVED`. */
  readonly holdExpiresAt: Maybe<Scalars['DateTime']['output']>;
  /** The order's identifier. */
  readonly id: Scalars['ID']['output'];
  /** What was ordered. */
  readonly lines: ReadonlyArray<OrderLine>;
  /** The number people use, unique in the shop. */
  readonly number: Scalars['String']['output'];
  /** When the order was placed. */
  readonly placedAt: Scalars['DateTime']['output'];
  /** Where the goods go. */
  readonly shippingAddress: Address;
  /** Where the order stands. */
  readonly status: OrderStatus;
  /** Why the order is in this state: `INSUFFICIENT_STOCK`, `HOLD_EXPIRED`, `CUSTOMER_REQUEST` … */
  readonly statusReason: Maybe<Scalars['String']['output']>;
  /** The sum of the lines. */
  readonly subtotal: Money;
  /** What the customer pays. */
  readonly total: Money;
  /** When the order last changed. */
  readonly updatedAt: Scalars['DateTime']['output'];
  /** Counts the order's changes from 1. */
  readonly version: Scalars['Int']['output'];
};


/** An order. Prices and names are those of the moment it was placed. */
export type OrderHistoryArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** A page of orders, newest first. */
export type OrderConnection = {
  readonly __typename?: 'OrderConnection';
  /** The orders with their cursors. */
  readonly edges: ReadonlyArray<OrderEdge>;
  /** The orders. */
  readonly nodes: ReadonlyArray<Order>;
  /** Where the page stands. */
  readonly pageInfo: PageInfo;
};

/** An order in a list with its cursor. */
export type OrderEdge = {
  readonly __typename?: 'OrderEdge';
  /** Continue behind this order. */
  readonly cursor: Scalars['String']['output'];
  /** The order. */
  readonly node: Order;
};

/** One change in an order's history. */
export type OrderEvent = {
  readonly __typename?: 'OrderEvent';
  /** The event's identifier. */
  readonly id: Scalars['ID']['output'];
  /** What the person who caused it had to say. */
  readonly note: Maybe<Scalars['String']['output']>;
  /** When. */
  readonly occurredAt: Scalars['DateTime']['output'];
  /** The state before; null for the first. */
  readonly previousStatus: Maybe<OrderStatus>;
  /** Why, as a code: `INSUFFICIENT_STOCK`, `PAYMENT_DECLINED`, `HOLD_EXPIRED` … */
  readonly reason: Maybe<Scalars['String']['output']>;
  /** The state after. */
  readonly status: OrderStatus;
  /** The order's version after the change. */
  readonly version: Scalars['Int']['output'];
};

/** A page of an order's history. */
export type OrderEventConnection = {
  readonly __typename?: 'OrderEventConnection';
  /** The entries with their cursors. */
  readonly edges: ReadonlyArray<OrderEventEdge>;
  /** The entries. */
  readonly nodes: ReadonlyArray<OrderEvent>;
  /** Where the page stands. */
  readonly pageInfo: PageInfo;
};

/** An entry of an order's history with its cursor. */
export type OrderEventEdge = {
  readonly __typename?: 'OrderEventEdge';
  /** Continue behind this entry. */
  readonly cursor: Scalars['String']['output'];
  /** The entry. */
  readonly node: OrderEvent;
};

/** Narrows a list of orders. */
export type OrderFilter = {
  /** Only orders placed before this instant. */
  readonly placedBefore?: InputMaybe<Scalars['DateTime']['input']>;
  /** Only orders placed at or after this instant. */
  readonly placedFrom?: InputMaybe<Scalars['DateTime']['input']>;
  /** Only orders in one of these states; at most 250. */
  readonly statuses?: InputMaybe<ReadonlyArray<OrderStatus>>;
};

/** One position of an order. */
export type OrderLine = {
  readonly __typename?: 'OrderLine';
  /** The line's identifier. */
  readonly id: Scalars['ID']['output'];
  /** The product's name when the order was placed. */
  readonly name: Scalars['String']['output'];
  /** The product as the catalogue has it now. */
  readonly product: Maybe<Product>;
  /** How many. */
  readonly quantity: Scalars['Int']['output'];
  /** The product's stock keeping unit. */
  readonly sku: Scalars['ID']['output'];
  /** Quantity times unit price. */
  readonly total: Money;
  /** The price of one when the order was placed. */
  readonly unitPrice: Money;
};

/** One position of a new order. */
export type OrderLineInput = {
  /** Refuse the order if the catalogue's price is another one. */
  readonly expectedUnitPrice?: InputMaybe<MoneyInput>;
  /** How many, 1 to 100000. */
  readonly quantity: Scalars['Int']['input'];
  /** The product's stock keeping unit. */
  readonly sku: Scalars['ID']['input'];
  /** A negotiated price; staff with scope `orders:override-price` only. */
  readonly unitPrice?: InputMaybe<MoneyInput>;
};

/** The states of an order's life. */
export type OrderStatus =
  /** Cancelled; stock is free and money is void or refunded. */
  | 'CANCELLED'
  /** Being cancelled: stock and money are on their way back. */
  | 'CANCELLING'
  /** Paid, and its stock is allocated. */
  | 'CONFIRMED'
  /** The hold ended before the money came; the stock is free again. */
  | 'EXPIRED'
  /** Stopped for staff: what the provider captured is not what the order costs. */
  | 'ON_HOLD'
  /** Accepted and durable; stock is being held. */
  | 'PLACED'
  /** Refused; `statusReason` says why. */
  | 'REJECTED'
  /** Stock is held for every line until `holdExpiresAt`; payment is under way. */
  | 'RESERVED';

/** A state that an order has reached, as a live client sees it. */
export type OrderStatusChange = {
  readonly __typename?: 'OrderStatusChange';
  /** Give it as `after` to continue behind this change. */
  readonly cursor: Scalars['String']['output'];
  /** When it happened. */
  readonly occurredAt: Scalars['DateTime']['output'];
  /** The order. */
  readonly order: Order;
  /** The state before; null for the first and in a snapshot. */
  readonly previousStatus: Maybe<OrderStatus>;
  /** True for the present state, sent first; false for a change. */
  readonly snapshot: Scalars['Boolean']['output'];
  /** The state reached. */
  readonly status: OrderStatus;
  /** The order's version after the change. */
  readonly version: Scalars['Int']['output'];
};

/** Where a page of a list stands in the whole. */
export type PageInfo = {
  readonly __typename?: 'PageInfo';
  /** The cursor of the page's last entry; give it as `after` for the next page. */
  readonly endCursor: Maybe<Scalars['String']['output']>;
  /** Whether more entries follow. */
  readonly hasNextPage: Scalars['Boolean']['output'];
  /** Whether entries come before this page. */
  readonly hasPreviousPage: Scalars['Boolean']['output'];
  /** The cursor of the page's first entry. */
  readonly startCursor: Maybe<Scalars['String']['output']>;
};

/** How the customer pays. */
export type PaymentChannel =
  /** The sandbox provider, for development and tests. */
  | 'SANDBOX';

/** A means of payment, as the provider's tokenisation gave it. Never card data. */
export type PaymentInput = {
  /** The provider. */
  readonly channel: PaymentChannel;
  /** The provider's token, 1 to 255 characters. */
  readonly token: Scalars['String']['input'];
};

/** A new order. */
export type PlaceOrderInput = {
  /** 1 to 255 characters, unique per caller. The same key with the same request gives the same order again. */
  readonly idempotencyKey: Scalars['String']['input'];
  /** 1 to 250 positions. */
  readonly lines: ReadonlyArray<OrderLineInput>;
  /** How the customer pays. */
  readonly payment: PaymentInput;
  /** Where the goods go. */
  readonly shippingAddress: AddressInput;
};

/** The answer to `placeOrder`. */
export type PlaceOrderPayload = {
  readonly __typename?: 'PlaceOrderPayload';
  /** The order, `PLACED` and durable; null if refused. */
  readonly order: Maybe<Order>;
  /** Whether this request was answered before, under the same key. */
  readonly replayed: Scalars['Boolean']['output'];
  /** Why the order was refused. */
  readonly userErrors: ReadonlyArray<UserError>;
};

/** The catalogue's price is not the one the client expected. */
export type PriceChanged = UserError & {
  readonly __typename?: 'PriceChanged';
  /** The price in force. */
  readonly actual: Money;
  /** Always `PRICE_CHANGED`. */
  readonly code: UserErrorCode;
  /** The price the client gave. */
  readonly expected: Money;
  /** The path of the input field at fault. */
  readonly field: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** What a person can read. */
  readonly message: Scalars['String']['output'];
  /** The product whose price changed. */
  readonly sku: Scalars['ID']['output'];
};

export type Product = {
  readonly __typename?: 'Product';
  readonly sku: Scalars['ID']['output'];
};

export type Query = {
  readonly __typename?: 'Query';
  /** An order of the viewer; staff see all. Null if there is none such. */
  readonly order: Maybe<Order>;
  /** The viewer's orders, newest first; staff see all. */
  readonly orders: OrderConnection;
};


export type QueryOrderArgs = {
  id: Scalars['ID']['input'];
};


export type QueryOrdersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<OrderFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

export type Subscription = {
  readonly __typename?: 'Subscription';
  /** Every change of all the viewer's orders; staff see all. */
  readonly orderActivity: OrderStatusChange;
  /** The order's present state, then every change, each once, in order. */
  readonly orderStatusChanged: OrderStatusChange;
};


export type SubscriptionOrderActivityArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
};


export type SubscriptionOrderStatusChangedArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  orderId: Scalars['ID']['input'];
};

/** Why a command was refused. Nothing was changed. */
export type UserError = {
  /** What a program can rely on. */
  readonly code: UserErrorCode;
  /** The path of the input field at fault. */
  readonly field: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** What a person can read. */
  readonly message: Scalars['String']['output'];
};

/** Stable codes of the refusals a client can act on. */
export type UserErrorCode =
  /** The idempotency key was used before with another request. */
  | 'IDEMPOTENCY_KEY_REUSED'
  /** The order is not in a state that allows this. */
  | 'INVALID_TRANSITION'
  /** A limit on what one order may hold would be passed. */
  | 'LIMIT_EXCEEDED'
  /** There is no such thing, or it is not the viewer's. */
  | 'NOT_FOUND'
  /** A line's price is no longer the expected one. */
  | 'PRICE_CHANGED'
  /** A line names a SKU that the catalogue does not have. */
  | 'UNKNOWN_SKU'
  /** The order has changed since the version the client saw. */
  | 'VERSION_CONFLICT';

/** The order has moved on since the client read it. */
export type VersionConflict = UserError & {
  readonly __typename?: 'VersionConflict';
  /** The order's version. */
  readonly actual: Scalars['Int']['output'];
  /** Always `VERSION_CONFLICT`. */
  readonly code: UserErrorCode;
  /** The version the client gave. */
  readonly expected: Scalars['Int']['output'];
  /** The path of the input field at fault. */
  readonly field: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** What a person can read. */
  readonly message: Scalars['String']['output'];
};



export type ResolverTypeWrapper<T> = Promise<T> | T;

export type ReferenceResolver<TResult, TReference, TContext> = (
      reference: TReference,
      context: TContext,
      info: GraphQLResolveInfo
    ) => Promise<TResult> | TResult;

      type ScalarCheck<T, S> = S extends true ? T : NullableCheck<T, S>;
      type NullableCheck<T, S> = Maybe<T> extends T ? Maybe<ListCheck<NonNullable<T>, S>> : ListCheck<T, S>;
      type ListCheck<T, S> = T extends (infer U)[] ? NullableCheck<U, S>[] : GraphQLRecursivePick<T, S>;
      export type GraphQLRecursivePick<T, S> = { [K in keyof T & keyof S]: ScalarCheck<T[K], S[K]> };
    

export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

/** Mapping of federation types */
export type FederationTypes = {
  Order: Order;
};

/** Mapping of federation reference types */
export type FederationReferenceTypes = {
  Order:
    ( { __typename: 'Order' }
    & GraphQLRecursivePick<FederationTypes['Order'], {"id":true}> );
};



/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  Address: ResolverTypeWrapper<unknown>;
  String: ResolverTypeWrapper<unknown>;
  AddressInput: ResolverTypeWrapper<unknown>;
  BasicUserError: ResolverTypeWrapper<Refusal>;
  CancelOrderInput: ResolverTypeWrapper<unknown>;
  Int: ResolverTypeWrapper<unknown>;
  ID: ResolverTypeWrapper<unknown>;
  CancelOrderPayload: ResolverTypeWrapper<unknown>;
  Boolean: ResolverTypeWrapper<unknown>;
  CountryCode: ResolverTypeWrapper<unknown>;
  CurrencyCode: ResolverTypeWrapper<unknown>;
  DateTime: ResolverTypeWrapper<unknown>;
  Decimal: ResolverTypeWrapper<unknown>;
  Money: ResolverTypeWrapper<MoneySource>;
  MoneyInput: ResolverTypeWrapper<unknown>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Order: ResolverTypeWrapper<OrderSource>;
  OrderConnection: ResolverTypeWrapper<unknown>;
  OrderEdge: ResolverTypeWrapper<unknown>;
  OrderEvent: ResolverTypeWrapper<OrderEventSource>;
  OrderEventConnection: ResolverTypeWrapper<unknown>;
  OrderEventEdge: ResolverTypeWrapper<unknown>;
  OrderFilter: ResolverTypeWrapper<unknown>;
  OrderLine: ResolverTypeWrapper<OrderLineSource>;
  OrderLineInput: ResolverTypeWrapper<unknown>;
  OrderStatus: ResolverTypeWrapper<unknown>;
  OrderStatusChange: ResolverTypeWrapper<OrderStatusChangeSource>;
  PageInfo: ResolverTypeWrapper<unknown>;
  PaymentChannel: ResolverTypeWrapper<unknown>;
  PaymentInput: ResolverTypeWrapper<unknown>;
  PlaceOrderInput: ResolverTypeWrapper<unknown>;
  PlaceOrderPayload: ResolverTypeWrapper<unknown>;
  PriceChanged: ResolverTypeWrapper<Refusal>;
  Product: ResolverTypeWrapper<ProductStub>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  UserError: ResolverTypeWrapper<Refusal>;
  UserErrorCode: ResolverTypeWrapper<unknown>;
  VersionConflict: ResolverTypeWrapper<Refusal>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  Address: unknown;
  String: unknown;
  AddressInput: unknown;
  BasicUserError: Refusal;
  CancelOrderInput: unknown;
  Int: unknown;
  ID: unknown;
  CancelOrderPayload: unknown;
  Boolean: unknown;
  CountryCode: unknown;
  CurrencyCode: unknown;
  DateTime: unknown;
  Decimal: unknown;
  Money: MoneySource;
  MoneyInput: unknown;
  Mutation: Record<PropertyKey, never>;
  Order: OrderSource;
  OrderConnection: unknown;
  OrderEdge: unknown;
  OrderEvent: OrderEventSource;
  OrderEventConnection: unknown;
  OrderEventEdge: unknown;
  OrderFilter: unknown;
  OrderLine: OrderLineSource;
  OrderLineInput: unknown;
  OrderStatusChange: OrderStatusChangeSource;
  PageInfo: unknown;
  PaymentInput: unknown;
  PlaceOrderInput: unknown;
  PlaceOrderPayload: unknown;
  PriceChanged: Refusal;
  Product: ProductStub;
  Query: Record<PropertyKey, never>;
  Subscription: Record<PropertyKey, never>;
  UserError: Refusal;
  VersionConflict: Refusal;
};

export type AddressResolvers<ContextType = any, ParentType extends ResolversParentTypes['Address'] = ResolversParentTypes['Address']> = {
  city?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  countryCode?: Resolver<ResolversTypes['CountryCode'], ParentType, ContextType>;
  email?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  line1?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  line2?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  phone?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  postalCode?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  region?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type BasicUserErrorResolvers<ContextType = any, ParentType extends ResolversParentTypes['BasicUserError'] = ResolversParentTypes['BasicUserError']> = {
  code?: Resolver<ResolversTypes['UserErrorCode'], ParentType, ContextType>;
  field?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CancelOrderPayloadResolvers<ContextType = any, ParentType extends ResolversParentTypes['CancelOrderPayload'] = ResolversParentTypes['CancelOrderPayload']> = {
  order?: Resolver<Maybe<ResolversTypes['Order']>, ParentType, ContextType>;
  replayed?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  userErrors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export interface CountryCodeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['CountryCode'], any> {
  name: 'CountryCode';
}

export interface CurrencyCodeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['CurrencyCode'], any> {
  name: 'CurrencyCode';
}

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export interface DecimalScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['Decimal'], any> {
  name: 'Decimal';
}

export type MoneyResolvers<ContextType = any, ParentType extends ResolversParentTypes['Money'] = ResolversParentTypes['Money']> = {
  amount?: Resolver<ResolversTypes['Decimal'], ParentType, ContextType>;
  currencyCode?: Resolver<ResolversTypes['CurrencyCode'], ParentType, ContextType>;
};

export type MutationResolvers<ContextType = any, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  cancelOrder?: Resolver<ResolversTypes['CancelOrderPayload'], ParentType, ContextType, RequireFields<MutationCancelOrderArgs, 'input'>>;
  placeOrder?: Resolver<ResolversTypes['PlaceOrderPayload'], ParentType, ContextType, RequireFields<MutationPlaceOrderArgs, 'input'>>;
};

export type OrderResolvers<ContextType = any, ParentType extends ResolversParentTypes['Order'] = ResolversParentTypes['Order'], FederationReferenceType extends FederationReferenceTypes['Order'] = FederationReferenceTypes['Order']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Order']> | FederationReferenceType, FederationReferenceType, ContextType>;
  history?: Resolver<ResolversTypes['OrderEventConnection'], ParentType, ContextType, RequireFields<OrderHistoryArgs, 'first'>>;
  holdExpiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  lines?: Resolver<ReadonlyArray<ResolversTypes['OrderLine']>, ParentType, ContextType>;
  number?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  placedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  shippingAddress?: Resolver<ResolversTypes['Address'], ParentType, ContextType>;
  status?: Resolver<ResolversTypes['OrderStatus'], ParentType, ContextType>;
  statusReason?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  subtotal?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  total?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  updatedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type OrderConnectionResolvers<ContextType = any, ParentType extends ResolversParentTypes['OrderConnection'] = ResolversParentTypes['OrderConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['OrderEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Order']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type OrderEdgeResolvers<ContextType = any, ParentType extends ResolversParentTypes['OrderEdge'] = ResolversParentTypes['OrderEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Order'], ParentType, ContextType>;
};

export type OrderEventResolvers<ContextType = any, ParentType extends ResolversParentTypes['OrderEvent'] = ResolversParentTypes['OrderEvent']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  note?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  occurredAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  previousStatus?: Resolver<Maybe<ResolversTypes['OrderStatus']>, ParentType, ContextType>;
  reason?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['OrderStatus'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type OrderEventConnectionResolvers<ContextType = any, ParentType extends ResolversParentTypes['OrderEventConnection'] = ResolversParentTypes['OrderEventConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['OrderEventEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['OrderEvent']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type OrderEventEdgeResolvers<ContextType = any, ParentType extends ResolversParentTypes['OrderEventEdge'] = ResolversParentTypes['OrderEventEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['OrderEvent'], ParentType, ContextType>;
};

export type OrderLineResolvers<ContextType = any, ParentType extends ResolversParentTypes['OrderLine'] = ResolversParentTypes['OrderLine']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  product?: Resolver<Maybe<ResolversTypes['Product']>, ParentType, ContextType>;
  quantity?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  sku?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  total?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  unitPrice?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
};

export type OrderStatusChangeResolvers<ContextType = any, ParentType extends ResolversParentTypes['OrderStatusChange'] = ResolversParentTypes['OrderStatusChange']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  occurredAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  order?: Resolver<ResolversTypes['Order'], ParentType, ContextType>;
  previousStatus?: Resolver<Maybe<ResolversTypes['OrderStatus']>, ParentType, ContextType>;
  snapshot?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  status?: Resolver<ResolversTypes['OrderStatus'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = any, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type PlaceOrderPayloadResolvers<ContextType = any, ParentType extends ResolversParentTypes['PlaceOrderPayload'] = ResolversParentTypes['PlaceOrderPayload']> = {
  order?: Resolver<Maybe<ResolversTypes['Order']>, ParentType, ContextType>;
  replayed?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  userErrors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type PriceChangedResolvers<ContextType = any, ParentType extends ResolversParentTypes['PriceChanged'] = ResolversParentTypes['PriceChanged']> = {
  actual?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  code?: Resolver<ResolversTypes['UserErrorCode'], ParentType, ContextType>;
  expected?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  field?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  sku?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ProductResolvers<ContextType = any, ParentType extends ResolversParentTypes['Product'] = ResolversParentTypes['Product']> = {
  sku?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
};

export type QueryResolvers<ContextType = any, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  order?: Resolver<Maybe<ResolversTypes['Order']>, ParentType, ContextType, RequireFields<QueryOrderArgs, 'id'>>;
  orders?: Resolver<ResolversTypes['OrderConnection'], ParentType, ContextType, RequireFields<QueryOrdersArgs, 'first'>>;
};

export type SubscriptionResolvers<ContextType = any, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  orderActivity?: SubscriptionResolver<ResolversTypes['OrderStatusChange'], "orderActivity", ParentType, ContextType, Partial<SubscriptionOrderActivityArgs>>;
  orderStatusChanged?: SubscriptionResolver<ResolversTypes['OrderStatusChange'], "orderStatusChanged", ParentType, ContextType, RequireFields<SubscriptionOrderStatusChangedArgs, 'orderId'>>;
};

export type UserErrorResolvers<ContextType = any, ParentType extends ResolversParentTypes['UserError'] = ResolversParentTypes['UserError']> = {
  __resolveType: TypeResolveFn<'BasicUserError' | 'PriceChanged' | 'VersionConflict', ParentType, ContextType>;
};

export type VersionConflictResolvers<ContextType = any, ParentType extends ResolversParentTypes['VersionConflict'] = ResolversParentTypes['VersionConflict']> = {
  actual?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  code?: Resolver<ResolversTypes['UserErrorCode'], ParentType, ContextType>;
  expected?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  field?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type Resolvers<ContextType = any> = {
  Address?: AddressResolvers<ContextType>;
  BasicUserError?: BasicUserErrorResolvers<ContextType>;
  CancelOrderPayload?: CancelOrderPayloadResolvers<ContextType>;
  CountryCode?: GraphQLScalarType;
  CurrencyCode?: GraphQLScalarType;
  DateTime?: GraphQLScalarType;
  Decimal?: GraphQLScalarType;
  Money?: MoneyResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Order?: OrderResolvers<ContextType>;
  OrderConnection?: OrderConnectionResolvers<ContextType>;
  OrderEdge?: OrderEdgeResolvers<ContextType>;
  OrderEvent?: OrderEventResolvers<ContextType>;
  OrderEventConnection?: OrderEventConnectionResolvers<ContextType>;
  OrderEventEdge?: OrderEventEdgeResolvers<ContextType>;
  OrderLine?: OrderLineResolvers<ContextType>;
  OrderStatusChange?: OrderStatusChangeResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  PlaceOrderPayload?: PlaceOrderPayloadResolvers<ContextType>;
  PriceChanged?: PriceChangedResolvers<ContextType>;
  Product?: ProductResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
  UserError?: UserErrorResolvers<ContextType>;
  VersionConflict?: VersionConflictResolvers<ContextType>;
};

