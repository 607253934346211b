import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { ProductSource, OrderSource, ReservationSource, MoneySource, RefusalSource } from './sources.ts';
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

/** Changes what is on hand in a warehouse. */
export type AdjustStockInput = {
  /** How many come in, or go out if negative; not 0. */
  readonly delta: Scalars['Int']['input'];
  /** 1 to 255 characters, unique per caller. */
  readonly idempotencyKey: Scalars['String']['input'];
  /** Why: `received`, `damaged`, `counted` …; 1 to 255 characters. */
  readonly reason: Scalars['String']['input'];
  /** The product. */
  readonly sku: Scalars['ID']['input'];
  /** The warehouse; a new name opens a new one. */
  readonly warehouse?: InputMaybe<Scalars['ID']['input']>;
};

/** The answer to `adjustStock`. */
export type AdjustStockPayload = {
  readonly __typename?: 'AdjustStockPayload';
  /** The product; null if refused. */
  readonly product: Maybe<Product>;
  /** Whether this request was answered before, under the same key. */
  readonly replayed: Scalars['Boolean']['output'];
  /** Why the change was refused. */
  readonly userErrors: ReadonlyArray<UserError>;
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

/** For whom an answer may be kept. */
export type CacheControlScope =
  /** For the one who asked. */
  | 'PRIVATE'
  /** For everybody. */
  | 'PUBLIC';

/** Less stock is free than was asked for. */
export type InsufficientStock = UserError & {
  readonly __typename?: 'InsufficientStock';
  /** How many are free. */
  readonly available: Scalars['Int']['output'];
  /** Always `INSUFFICIENT_STOCK`. */
  readonly code: UserErrorCode;
  /** The path of the input field at fault. */
  readonly field: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** What a person can read. */
  readonly message: Scalars['String']['output'];
  /** How many were asked for. */
  readonly requested: Scalars['Int']['output'];
  /** The product. */
  readonly sku: Scalars['ID']['output'];
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
  /** Books stock in or out. Staff only. */
  readonly adjustStock: AdjustStockPayload;
  /** Creates a product or changes its name, description and price. Staff only. */
  readonly upsertProduct: UpsertProductPayload;
};


export type MutationAdjustStockArgs = {
  input: AdjustStockInput;
};


export type MutationUpsertProductArgs = {
  input: UpsertProductInput;
};

export type Order = {
  readonly __typename?: 'Order';
  readonly id: Scalars['ID']['output'];
  /** The stock set aside for this order. */
  readonly reservations: Maybe<ReadonlyArray<Reservation>>;
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

/** Something the shop sells. */
export type Product = {
  readonly __typename?: 'Product';
  /** How many can be ordered now, in all warehouses together. */
  readonly available: Scalars['Int']['output'];
  /** What there is to say about it. */
  readonly description: Maybe<Scalars['String']['output']>;
  /** What people call it. */
  readonly name: Scalars['String']['output'];
  /** The stock keeping unit. */
  readonly sku: Scalars['ID']['output'];
  /** The price of one. */
  readonly unitPrice: Money;
};

/** A page of products in order of SKU. */
export type ProductConnection = {
  readonly __typename?: 'ProductConnection';
  /** The products with their cursors. */
  readonly edges: ReadonlyArray<ProductEdge>;
  /** The products. */
  readonly nodes: ReadonlyArray<Product>;
  /** Where the page stands. */
  readonly pageInfo: PageInfo;
};

/** A product in a list with its cursor. */
export type ProductEdge = {
  readonly __typename?: 'ProductEdge';
  /** Continue behind this product. */
  readonly cursor: Scalars['String']['output'];
  /** The product. */
  readonly node: Product;
};

/** Narrows a list of products. */
export type ProductFilter = {
  /** Only products that can be ordered now. */
  readonly inStock?: InputMaybe<Scalars['Boolean']['input']>;
  /** Only products whose name contains this text, in any case. */
  readonly nameContains?: InputMaybe<Scalars['String']['input']>;
  /** Only these SKUs, at most 250. */
  readonly skus?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
};

export type Query = {
  readonly __typename?: 'Query';
  /** A product by its SKU; null if there is none such. */
  readonly product: Maybe<Product>;
  /** The catalogue in order of SKU. */
  readonly products: ProductConnection;
};


export type QueryProductArgs = {
  sku: Scalars['ID']['input'];
};


export type QueryProductsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<ProductFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** Stock of one product in one warehouse, set aside for an order. */
export type Reservation = {
  readonly __typename?: 'Reservation';
  /** When the hold ends; null once allocated. */
  readonly expiresAt: Maybe<Scalars['DateTime']['output']>;
  /** The reservation's identifier. */
  readonly id: Scalars['ID']['output'];
  /** The product. */
  readonly product: Maybe<Product>;
  /** How many. */
  readonly quantity: Scalars['Int']['output'];
  /** The stock keeping unit. */
  readonly sku: Scalars['ID']['output'];
  /** How it stands. */
  readonly status: ReservationStatus;
  /** The warehouse. */
  readonly warehouse: Scalars['ID']['output'];
};

/** How a reservation stands. */
export type ReservationStatus =
  /** Set aside for a paid order. */
  | 'ALLOCATED'
  /** Held for an order that is not yet paid. */
  | 'HELD'
  /** Free again. */
  | 'RELEASED';

/** Creates a product or changes it. */
export type UpsertProductInput = {
  /** What there is to say about it, at most 4000 characters. */
  readonly description?: InputMaybe<Scalars['String']['input']>;
  /** 1 to 255 characters, unique per caller. */
  readonly idempotencyKey: Scalars['String']['input'];
  /** What people call it, 1 to 255 characters. */
  readonly name: Scalars['String']['input'];
  /** The stock keeping unit, 1 to 64 characters. */
  readonly sku: Scalars['ID']['input'];
  /** The price of one. */
  readonly unitPrice: MoneyInput;
};

/** The answer to `upsertProduct`. */
export type UpsertProductPayload = {
  readonly __typename?: 'UpsertProductPayload';
  /** The product; null if refused. */
  readonly product: Maybe<Product>;
  /** Whether this request was answered before, under the same key. */
  readonly replayed: Scalars['Boolean']['output'];
  /** Why the change was refused. */
  readonly userErrors: ReadonlyArray<UserError>;
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
  /** Less stock is free than the command would take. */
  | 'INSUFFICIENT_STOCK'
  /** A limit would be passed. */
  | 'LIMIT_EXCEEDED'
  /** There is no such thing, or it is not the viewer's. */
  | 'NOT_FOUND';



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
  Product: Product;
};

/** Mapping of federation reference types */
export type FederationReferenceTypes = {
  Order:
    ( { __typename: 'Order' }
    & GraphQLRecursivePick<FederationTypes['Order'], {"id":true}> );
  Product:
    ( { __typename: 'Product' }
    & GraphQLRecursivePick<FederationTypes['Product'], {"sku":true}> );
};



/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  AdjustStockInput: ResolverTypeWrapper<unknown>;
  String: ResolverTypeWrapper<unknown>;
  ID: ResolverTypeWrapper<unknown>;
  AdjustStockPayload: ResolverTypeWrapper<unknown>;
  BasicUserError: ResolverTypeWrapper<RefusalSource>;
  CacheControlScope: ResolverTypeWrapper<unknown>;
  CurrencyCode: ResolverTypeWrapper<unknown>;
  DateTime: ResolverTypeWrapper<unknown>;
  Decimal: ResolverTypeWrapper<unknown>;
  InsufficientStock: ResolverTypeWrapper<RefusalSource>;
  Money: ResolverTypeWrapper<MoneySource>;
  MoneyInput: ResolverTypeWrapper<unknown>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Order: ResolverTypeWrapper<OrderSource>;
  PageInfo: ResolverTypeWrapper<unknown>;
  Product: ResolverTypeWrapper<ProductSource>;
  ProductConnection: ResolverTypeWrapper<unknown>;
  ProductEdge: ResolverTypeWrapper<unknown>;
  ProductFilter: ResolverTypeWrapper<unknown>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Reservation: ResolverTypeWrapper<ReservationSource>;
  ReservationStatus: ResolverTypeWrapper<unknown>;
  UpsertProductInput: ResolverTypeWrapper<unknown>;
  UpsertProductPayload: ResolverTypeWrapper<unknown>;
  UserError: ResolverTypeWrapper<RefusalSource>;
  UserErrorCode: ResolverTypeWrapper<unknown>;
  Boolean: ResolverTypeWrapper<unknown>;
  Int: ResolverTypeWrapper<unknown>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  AdjustStockInput: unknown;
  String: unknown;
  ID: unknown;
  AdjustStockPayload: unknown;
  BasicUserError: RefusalSource;
  CurrencyCode: unknown;
  DateTime: unknown;
  Decimal: unknown;
  InsufficientStock: RefusalSource;
  Money: MoneySource;
  MoneyInput: unknown;
  Mutation: Record<PropertyKey, never>;
  Order: OrderSource;
  PageInfo: unknown;
  Product: ProductSource;
  ProductConnection: unknown;
  ProductEdge: unknown;
  ProductFilter: unknown;
  Query: Record<PropertyKey, never>;
  Reservation: ReservationSource;
  UpsertProductInput: unknown;
  UpsertProductPayload: unknown;
  UserError: RefusalSource;
  Boolean: unknown;
  Int: unknown;
};

export type CacheControlDirectiveArgs = {
  inheritMaxAge?: Maybe<Scalars['Boolean']['input']>;
  maxAge?: Maybe<Scalars['Int']['input']>;
  scope?: Maybe<CacheControlScope>;
};

export type CacheControlDirectiveResolver<Result, Parent, ContextType = any, Args = CacheControlDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type AdjustStockPayloadResolvers<ContextType = any, ParentType extends ResolversParentTypes['AdjustStockPayload'] = ResolversParentTypes['AdjustStockPayload']> = {
  product?: Resolver<Maybe<ResolversTypes['Product']>, ParentType, ContextType>;
  replayed?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  userErrors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
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

export type InsufficientStockResolvers<ContextType = any, ParentType extends ResolversParentTypes['InsufficientStock'] = ResolversParentTypes['InsufficientStock']> = {
  available?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  code?: Resolver<ResolversTypes['UserErrorCode'], ParentType, ContextType>;
  field?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  requested?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  sku?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MoneyResolvers<ContextType = any, ParentType extends ResolversParentTypes['Money'] = ResolversParentTypes['Money']> = {
  amount?: Resolver<ResolversTypes['Decimal'], ParentType, ContextType>;
  currencyCode?: Resolver<ResolversTypes['CurrencyCode'], ParentType, ContextType>;
};

export type MutationResolvers<ContextType = any, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  adjustStock?: Resolver<ResolversTypes['AdjustStockPayload'], ParentType, ContextType, RequireFields<MutationAdjustStockArgs, 'input'>>;
  upsertProduct?: Resolver<ResolversTypes['UpsertProductPayload'], ParentType, ContextType, RequireFields<MutationUpsertProductArgs, 'input'>>;
};

export type OrderResolvers<ContextType = any, ParentType extends ResolversParentTypes['Order'] = ResolversParentTypes['Order'], FederationReferenceType extends FederationReferenceTypes['Order'] = FederationReferenceTypes['Order']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Order']> | FederationReferenceType, FederationReferenceType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  reservations?: Resolver<Maybe<ReadonlyArray<ResolversTypes['Reservation']>>, ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = any, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type ProductResolvers<ContextType = any, ParentType extends ResolversParentTypes['Product'] = ResolversParentTypes['Product'], FederationReferenceType extends FederationReferenceTypes['Product'] = FederationReferenceTypes['Product']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Product']> | FederationReferenceType, FederationReferenceType, ContextType>;
  available?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  description?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  sku?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  unitPrice?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
};

export type ProductConnectionResolvers<ContextType = any, ParentType extends ResolversParentTypes['ProductConnection'] = ResolversParentTypes['ProductConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['ProductEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Product']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type ProductEdgeResolvers<ContextType = any, ParentType extends ResolversParentTypes['ProductEdge'] = ResolversParentTypes['ProductEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Product'], ParentType, ContextType>;
};

export type QueryResolvers<ContextType = any, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  product?: Resolver<Maybe<ResolversTypes['Product']>, ParentType, ContextType, RequireFields<QueryProductArgs, 'sku'>>;
  products?: Resolver<ResolversTypes['ProductConnection'], ParentType, ContextType, RequireFields<QueryProductsArgs, 'first'>>;
};

export type ReservationResolvers<ContextType = any, ParentType extends ResolversParentTypes['Reservation'] = ResolversParentTypes['Reservation']> = {
  expiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  product?: Resolver<Maybe<ResolversTypes['Product']>, ParentType, ContextType>;
  quantity?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  sku?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  status?: Resolver<ResolversTypes['ReservationStatus'], ParentType, ContextType>;
  warehouse?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
};

export type UpsertProductPayloadResolvers<ContextType = any, ParentType extends ResolversParentTypes['UpsertProductPayload'] = ResolversParentTypes['UpsertProductPayload']> = {
  product?: Resolver<Maybe<ResolversTypes['Product']>, ParentType, ContextType>;
  replayed?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  userErrors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type UserErrorResolvers<ContextType = any, ParentType extends ResolversParentTypes['UserError'] = ResolversParentTypes['UserError']> = {
  __resolveType: TypeResolveFn<'BasicUserError' | 'InsufficientStock', ParentType, ContextType>;
};

export type Resolvers<ContextType = any> = {
  AdjustStockPayload?: AdjustStockPayloadResolvers<ContextType>;
  BasicUserError?: BasicUserErrorResolvers<ContextType>;
  CurrencyCode?: GraphQLScalarType;
  DateTime?: GraphQLScalarType;
  Decimal?: GraphQLScalarType;
  InsufficientStock?: InsufficientStockResolvers<ContextType>;
  Money?: MoneyResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Order?: OrderResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  Product?: ProductResolvers<ContextType>;
  ProductConnection?: ProductConnectionResolvers<ContextType>;
  ProductEdge?: ProductEdgeResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  Reservation?: ReservationResolvers<ContextType>;
  UpsertProductPayload?: UpsertProductPayloadResolvers<ContextType>;
  UserError?: UserErrorResolvers<ContextType>;
};

export type DirectiveResolvers<ContextType = any> = {
  cacheControl?: CacheControlDirectiveResolver<any, any, ContextType>;
};
