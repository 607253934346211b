import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { OrderStub, MoneySource, PaymentSource, AttemptSource, RefundSource, UserErrorSource } from './sources.ts';
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
  /** An ISO 4217 currency code, for example `GBP`. */
  CurrencyCode: { input: string; output: string; }
  /** An instant in UTC as RFC 3339, for example `2026-11-22T17:30:00.000Z`. */
  DateTime: { input: string; output: Date | string; }
  /** An exact decimal number as a string, for example `"12.50"`; never a float. */
  Decimal: { input: string; output: string; }
  _FieldSet: { input: unknown; output: unknown; }
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

/** An amount of money, exact to the currency's minor unit. */
export type Money = {
  readonly __typename?: 'Money';
  /** The amount in the currency's major unit. */
  readonly amount: Scalars['Decimal']['output'];
  /** The currency of the amount. */
  readonly currencyCode: Scalars['CurrencyCode']['output'];
};

export type Mutation = {
  readonly __typename?: 'Mutation';
  /** Tries to pay again after a decline, while stock is held. */
  readonly payOrder: PayOrderPayload;
};


export type MutationPayOrderArgs = {
  input: PayOrderInput;
};

export type Order = {
  readonly __typename?: 'Order';
  readonly id: Scalars['ID']['output'];
  /** What was paid for this order; null until stock is held. */
  readonly payment: Maybe<OrderPayment>;
};

/** What was paid for an order, and how. */
export type OrderPayment = {
  readonly __typename?: 'OrderPayment';
  /** What the order costs. */
  readonly amount: Money;
  /** Every attempt to charge, oldest first. */
  readonly attempts: ReadonlyArray<PaymentAttempt>;
  /** What was captured. */
  readonly capturedAmount: Money;
  /** The payment's identifier. */
  readonly id: Scalars['ID']['output'];
  /** What was returned. */
  readonly refundedAmount: Money;
  /** Every refund, oldest first. */
  readonly refunds: ReadonlyArray<Refund>;
  /** How the payment stands. */
  readonly status: PaymentStatus;
};

/** Another attempt to pay. */
export type PayOrderInput = {
  /** 1 to 255 characters, unique per caller. */
  readonly idempotencyKey: Scalars['String']['input'];
  /** The order. */
  readonly orderId: Scalars['ID']['input'];
  /** How the customer pays this time. */
  readonly payment: PaymentInput;
};

/** The answer to `payOrder`. The attempt's outcome follows, and can be watched live. */
export type PayOrderPayload = {
  readonly __typename?: 'PayOrderPayload';
  /** The order; null if refused. */
  readonly order: Maybe<Order>;
  /** Whether this request was answered before, under the same key. */
  readonly replayed: Scalars['Boolean']['output'];
  /** Why the attempt was refused. */
  readonly userErrors: ReadonlyArray<UserError>;
};

/** One attempt to charge. */
export type PaymentAttempt = {
  readonly __typename?: 'PaymentAttempt';
  /** What was asked of the provider. */
  readonly amount: Money;
  /** The provider. */
  readonly channel: PaymentChannel;
  /** When the attempt began. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** The provider's reason for a decline. */
  readonly failureCode: Maybe<Scalars['String']['output']>;
  /** The attempt's identifier. */
  readonly id: Scalars['ID']['output'];
  /** When its outcome was known. */
  readonly settledAt: Maybe<Scalars['DateTime']['output']>;
  /** How the attempt stands. */
  readonly status: PaymentAttemptStatus;
};

/** How one attempt to charge stands. */
export type PaymentAttemptStatus =
  /** The money is captured. */
  | 'CAPTURED'
  /** The provider declined. */
  | 'DECLINED'
  /** Waiting for the provider's outcome. */
  | 'PENDING'
  /** Withdrawn before any money moved. */
  | 'VOIDED';

/** A provider through which money moves. */
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

/** How an order's payment stands. */
export type PaymentStatus =
  /** The money is captured. */
  | 'CAPTURED'
  /** The last attempt was declined; another may be made while stock is held. */
  | 'DECLINED'
  /** What the provider captured is not what the order costs; staff decide. */
  | 'MISMATCHED'
  /** An attempt is under way. */
  | 'PENDING'
  /** All captured money was returned. */
  | 'REFUNDED'
  /** Captured money is on its way back. */
  | 'REFUNDING'
  /** Ended without money. */
  | 'VOIDED';

/** Money on its way back to the customer. */
export type Refund = {
  readonly __typename?: 'Refund';
  /** How much. */
  readonly amount: Money;
  /** When the refund began. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** The refund's identifier. */
  readonly id: Scalars['ID']['output'];
  /** Why. */
  readonly reason: Scalars['String']['output'];
  /** How the refund stands. */
  readonly status: RefundStatus;
};

/** How a refund stands. */
export type RefundStatus =
  /** Waiting for the provider. */
  | 'PENDING'
  /** The money was returned. */
  | 'SUCCEEDED';

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
  /** The order's payment is not in a state that allows this. */
  | 'INVALID_TRANSITION'
  /** A limit would be passed. */
  | 'LIMIT_EXCEEDED'
  /** There is no such thing, or it is not the viewer's. */
  | 'NOT_FOUND'
  /** The provider declined the payment. */
  | 'PAYMENT_DECLINED';



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
  BasicUserError: ResolverTypeWrapper<UserErrorSource>;
  String: ResolverTypeWrapper<unknown>;
  CurrencyCode: ResolverTypeWrapper<unknown>;
  DateTime: ResolverTypeWrapper<unknown>;
  Decimal: ResolverTypeWrapper<unknown>;
  Money: ResolverTypeWrapper<MoneySource>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Order: ResolverTypeWrapper<OrderStub>;
  ID: ResolverTypeWrapper<unknown>;
  OrderPayment: ResolverTypeWrapper<PaymentSource>;
  PayOrderInput: ResolverTypeWrapper<unknown>;
  PayOrderPayload: ResolverTypeWrapper<unknown>;
  Boolean: ResolverTypeWrapper<unknown>;
  PaymentAttempt: ResolverTypeWrapper<AttemptSource>;
  PaymentAttemptStatus: ResolverTypeWrapper<unknown>;
  PaymentChannel: ResolverTypeWrapper<unknown>;
  PaymentInput: ResolverTypeWrapper<unknown>;
  PaymentStatus: ResolverTypeWrapper<unknown>;
  Refund: ResolverTypeWrapper<RefundSource>;
  RefundStatus: ResolverTypeWrapper<unknown>;
  UserError: ResolverTypeWrapper<UserErrorSource>;
  UserErrorCode: ResolverTypeWrapper<unknown>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  BasicUserError: UserErrorSource;
  String: unknown;
  CurrencyCode: unknown;
  DateTime: unknown;
  Decimal: unknown;
  Money: MoneySource;
  Mutation: Record<PropertyKey, never>;
  Order: OrderStub;
  ID: unknown;
  OrderPayment: PaymentSource;
  PayOrderInput: unknown;
  PayOrderPayload: unknown;
  Boolean: unknown;
  PaymentAttempt: AttemptSource;
  PaymentInput: unknown;
  Refund: RefundSource;
  UserError: UserErrorSource;
};

export type BasicUserErrorResolvers<ContextType = any, ParentType extends ResolversParentTypes['BasicUserError'] = ResolversParentTypes['BasicUserError']> = {
  code?: Resolver<ResolversTypes['UserErrorCode'], ParentType, ContextType>;
  field?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

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
  payOrder?: Resolver<ResolversTypes['PayOrderPayload'], ParentType, ContextType, RequireFields<MutationPayOrderArgs, 'input'>>;
};

export type OrderResolvers<ContextType = any, ParentType extends ResolversParentTypes['Order'] = ResolversParentTypes['Order'], FederationReferenceType extends FederationReferenceTypes['Order'] = FederationReferenceTypes['Order']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Order']> | FederationReferenceType, FederationReferenceType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  payment?: Resolver<Maybe<ResolversTypes['OrderPayment']>, ParentType, ContextType>;
};

export type OrderPaymentResolvers<ContextType = any, ParentType extends ResolversParentTypes['OrderPayment'] = ResolversParentTypes['OrderPayment']> = {
  amount?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  attempts?: Resolver<ReadonlyArray<ResolversTypes['PaymentAttempt']>, ParentType, ContextType>;
  capturedAmount?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  refundedAmount?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  refunds?: Resolver<ReadonlyArray<ResolversTypes['Refund']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['PaymentStatus'], ParentType, ContextType>;
};

export type PayOrderPayloadResolvers<ContextType = any, ParentType extends ResolversParentTypes['PayOrderPayload'] = ResolversParentTypes['PayOrderPayload']> = {
  order?: Resolver<Maybe<ResolversTypes['Order']>, ParentType, ContextType>;
  replayed?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  userErrors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type PaymentAttemptResolvers<ContextType = any, ParentType extends ResolversParentTypes['PaymentAttempt'] = ResolversParentTypes['PaymentAttempt']> = {
  amount?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  channel?: Resolver<ResolversTypes['PaymentChannel'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  failureCode?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  settledAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['PaymentAttemptStatus'], ParentType, ContextType>;
};

export type RefundResolvers<ContextType = any, ParentType extends ResolversParentTypes['Refund'] = ResolversParentTypes['Refund']> = {
  amount?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  reason?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  status?: Resolver<ResolversTypes['RefundStatus'], ParentType, ContextType>;
};

export type UserErrorResolvers<ContextType = any, ParentType extends ResolversParentTypes['UserError'] = ResolversParentTypes['UserError']> = {
  __resolveType: TypeResolveFn<'BasicUserError', ParentType, ContextType>;
};

export type Resolvers<ContextType = any> = {
  BasicUserError?: BasicUserErrorResolvers<ContextType>;
  CurrencyCode?: GraphQLScalarType;
  DateTime?: GraphQLScalarType;
  Decimal?: GraphQLScalarType;
  Money?: MoneyResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Order?: OrderResolvers<ContextType>;
  OrderPayment?: OrderPaymentResolvers<ContextType>;
  PayOrderPayload?: PayOrderPayloadResolvers<ContextType>;
  PaymentAttempt?: PaymentAttemptResolvers<ContextType>;
  Refund?: RefundResolvers<ContextType>;
  UserError?: UserErrorResolvers<ContextType>;
};

