/**
 * Makes resolver types of each subgraph's SDL. The tables map GraphQL types to the plain types that resolvers are given
 * as parents; each is exported by `subgraphs/<name>/graphql/sources.ts`.
 */
import type { CodegenConfig } from '@graphql-codegen/cli';

const mappers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  order: {
    Order: 'OrderSource',
    OrderLine: 'OrderLineSource',
    OrderEvent: 'OrderEventSource',
    OrderStatusChange: 'OrderStatusChangeSource',
    Product: 'ProductStub',
    Money: 'MoneySource',
    UserError: 'Refusal',
    BasicUserError: 'Refusal',
    PriceChanged: 'Refusal',
    VersionConflict: 'Refusal',
  },
  inventory: {
    Product: 'ProductSource',
    Order: 'OrderSource',
    Reservation: 'ReservationSource',
    Money: 'MoneySource',
    UserError: 'RefusalSource',
    BasicUserError: 'RefusalSource',
    InsufficientStock: 'RefusalSource',
  },
  payment: {
    Order: 'OrderStub',
    Money: 'MoneySource',
    OrderPayment: 'PaymentSource',
    PaymentAttempt: 'AttemptSource',
    Refund: 'RefundSource',
    UserError: 'UserErrorSource',
    BasicUserError: 'UserErrorSource',
  },
  notification: {
    Notification: 'NotificationSource',
    NotificationConnection: 'NotificationConnectionSource',
    Order: 'OrderStub',
  },
  analytics: {
    Money: 'MoneySource',
    SalesReport: 'SalesReportSource',
    SalesRow: 'SalesRowSource',
    SalesFigures: 'SalesFiguresSource',
  },
};

const scalarTypes = {
  DateTime: { input: 'string', output: 'Date | string' },
  Date: 'string',
  Decimal: 'string',
  CurrencyCode: 'string',
  CountryCode: 'string',
  ID: 'string',
};

const config: CodegenConfig = {
  errorsOnly: true,
  generates: Object.fromEntries(
    Object.entries(mappers).map(([name, table]) => [
      `subgraphs/${name}/graphql/generated.ts`,
      {
        schema: `schema/${name}.graphql`,
        plugins: ['typescript', 'typescript-resolvers'],
        config: {
          federation: true,
          useTypeImports: true,
          importExtension: '.ts',
          enumsAsTypes: true,
          immutableTypes: true,
          defaultMapper: 'unknown',
          avoidOptionals: { field: true, inputValue: false },
          inputMaybeValue: 'T | null | undefined',
          scalars: scalarTypes,
          mappers: Object.fromEntries(
            Object.entries(table).map(([type, source]) => [type, `./sources.ts#${source}`]),
          ),
        },
      },
    ]),
  ),
};

export default config;
