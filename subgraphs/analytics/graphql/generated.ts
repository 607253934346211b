import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { MoneySource, SalesReportSource, SalesRowSource, SalesFiguresSource } from './sources.ts';
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
  /** A calendar day in UTC, for example `2026-11-22`. */
  Date: { input: string; output: string; }
  /** An instant in UTC as RFC 3339, for example `2026-11-22T17:30:00.000Z`. */
  DateTime: { input: string; output: Date | string; }
  /** An exact decimal number as a string, for example `"12.50"`; never a float. */
  Decimal: { input: string; output: string; }
  _FieldSet: { input: unknown; output: unknown; }
};

/** An amount of money, exact to the currency's minor unit. */
export type Money = {
  readonly __typename?: 'Money';
  /** The amount in the currency's major unit. */
  readonly amount: Scalars['Decimal']['output'];
  /** The currency of the amount. */
  readonly currencyCode: Scalars['CurrencyCode']['output'];
};

export type Query = {
  readonly __typename?: 'Query';
  /** Sales by day or product. Needs the scope `analytics:read`. */
  readonly salesReport: SalesReport;
};


export type QuerySalesReportArgs = {
  input: SalesReportInput;
};

/** Figures of sales. */
export type SalesFigures = {
  readonly __typename?: 'SalesFigures';
  /** How many order lines. */
  readonly lines: Scalars['Int']['output'];
  /** How many orders. */
  readonly orders: Scalars['Int']['output'];
  /** What they brought, per currency. */
  readonly revenue: ReadonlyArray<Money>;
  /** How many pieces. */
  readonly units: Scalars['Int']['output'];
};

/** What a row of a sales report stands for. */
export type SalesGrouping =
  /** One day in UTC. */
  | 'DAY'
  /** One product. */
  | 'SKU';

/** Sales, from the orders' own events. */
export type SalesReport = {
  readonly __typename?: 'SalesReport';
  /** Up to when events were counted. */
  readonly asOf: Scalars['DateTime']['output'];
  /** In order of the group; at most 10000. */
  readonly rows: ReadonlyArray<SalesRow>;
  /** All rows together. */
  readonly totals: SalesFigures;
};

/** Which sales a report covers: orders confirmed in these days and not cancelled since. */
export type SalesReportInput = {
  /** The first day. */
  readonly from: Scalars['Date']['input'];
  /** What a row stands for. */
  readonly groupBy: SalesGrouping;
  /** The last day, included; at most 366 days after the first. */
  readonly to: Scalars['Date']['input'];
};

/** Figures of one group. */
export type SalesRow = {
  readonly __typename?: 'SalesRow';
  /** The group's figures. */
  readonly figures: SalesFigures;
  /** The day or the SKU. */
  readonly key: Scalars['String']['output'];
};



export type ResolverTypeWrapper<T> = Promise<T> | T;


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





/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  CurrencyCode: ResolverTypeWrapper<unknown>;
  Date: ResolverTypeWrapper<unknown>;
  DateTime: ResolverTypeWrapper<unknown>;
  Decimal: ResolverTypeWrapper<unknown>;
  Money: ResolverTypeWrapper<MoneySource>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  SalesFigures: ResolverTypeWrapper<SalesFiguresSource>;
  Int: ResolverTypeWrapper<unknown>;
  SalesGrouping: ResolverTypeWrapper<unknown>;
  SalesReport: ResolverTypeWrapper<SalesReportSource>;
  SalesReportInput: ResolverTypeWrapper<unknown>;
  SalesRow: ResolverTypeWrapper<SalesRowSource>;
  String: ResolverTypeWrapper<unknown>;
  Boolean: ResolverTypeWrapper<unknown>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  CurrencyCode: unknown;
  Date: unknown;
  DateTime: unknown;
  Decimal: unknown;
  Money: MoneySource;
  Query: Record<PropertyKey, never>;
  SalesFigures: SalesFiguresSource;
  Int: unknown;
  SalesReport: SalesReportSource;
  SalesReportInput: unknown;
  SalesRow: SalesRowSource;
  String: unknown;
  Boolean: unknown;
};

export interface CurrencyCodeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['CurrencyCode'], any> {
  name: 'CurrencyCode';
}

export interface DateScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['Date'], any> {
  name: 'Date';
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

export type QueryResolvers<ContextType = any, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  salesReport?: Resolver<ResolversTypes['SalesReport'], ParentType, ContextType, RequireFields<QuerySalesReportArgs, 'input'>>;
};

export type SalesFiguresResolvers<ContextType = any, ParentType extends ResolversParentTypes['SalesFigures'] = ResolversParentTypes['SalesFigures']> = {
  lines?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  orders?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  revenue?: Resolver<ReadonlyArray<ResolversTypes['Money']>, ParentType, ContextType>;
  units?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type SalesReportResolvers<ContextType = any, ParentType extends ResolversParentTypes['SalesReport'] = ResolversParentTypes['SalesReport']> = {
  asOf?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  rows?: Resolver<ReadonlyArray<ResolversTypes['SalesRow']>, ParentType, ContextType>;
  totals?: Resolver<ResolversTypes['SalesFigures'], ParentType, ContextType>;
};

export type SalesRowResolvers<ContextType = any, ParentType extends ResolversParentTypes['SalesRow'] = ResolversParentTypes['SalesRow']> = {
  figures?: Resolver<ResolversTypes['SalesFigures'], ParentType, ContextType>;
  key?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type Resolvers<ContextType = any> = {
  CurrencyCode?: GraphQLScalarType;
  Date?: GraphQLScalarType;
  DateTime?: GraphQLScalarType;
  Decimal?: GraphQLScalarType;
  Money?: MoneyResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  SalesFigures?: SalesFiguresResolvers<ContextType>;
  SalesReport?: SalesReportResolvers<ContextType>;
  SalesRow?: SalesRowResolvers<ContextType>;
};

