import { requireCaller, requireScope } from '@ordergraph/platform/access.ts';
import { badUserInput, fault } from '@ordergraph/platform/errors.ts';
import { requestHash } from '@ordergraph/platform/idempotency.ts';
import { isId } from '@ordergraph/platform/ids.ts';
import { formatAmount } from '@ordergraph/platform/money.ts';
import type { CancelRefusal } from '../commands/cancel-order.ts';
import type { Address } from '../domain/order.ts';
import type { PlacementRejection, PlaceOrder, RequestedLine } from '../domain/placement.ts';
import type { OrderContext } from './context.ts';
import type {
  AddressInput,
  MutationResolvers,
  OrderLineInput,
  PlaceOrderInput,
} from './generated.ts';
import {
  identifier,
  integer,
  money,
  optionalEmail,
  optionalPhone,
  optionalText,
  paymentToken,
  requiredText,
} from './input.ts';
import { basicRefusal, type Refusal } from './sources.ts';

const linesMax = 250;
const quantityMax = 100_000;

export const mutationResolvers: MutationResolvers<OrderContext> = {
  placeOrder: async (_root, { input }, context) => {
    const caller = requireCaller(context.identity);
    const result = await context.commands.placeOrder({
      caller,
      idempotencyKey: identifier(input.idempotencyKey, ['input', 'idempotencyKey']),
      requestHash: requestHash('PlaceOrder', { ...input, idempotencyKey: undefined }),
      command: readPlacement(input, caller, context),
      cause: context.cause,
    });
    switch (result.kind) {
      case 'placed':
        context.loaders.order.prime(result.order.id, result.order);
        return { order: result.order, replayed: false, userErrors: [] };
      case 'replayed': {
        const order = await context.loaders.order.load(result.orderId);
        return { order, replayed: true, userErrors: [] };
      }
      case 'reused':
        return refused([keyReused()]);
      case 'rejected':
        return refused(result.rejections.map(explainPlacement));
    }
  },

  cancelOrder: async (_root, { input }, context) => {
    const caller = requireCaller(context.identity);
    const idempotencyKey = identifier(input.idempotencyKey, ['input', 'idempotencyKey']);
    const note = optionalText(input.reason, ['input', 'reason']);
    if (!isId('ord', input.orderId)) return refused([explainCancellation({ code: 'NOT_FOUND' })]);
    const result = await context.commands.cancelOrder({
      caller,
      isStaff: context.identity.role === 'staff',
      idempotencyKey,
      requestHash: requestHash('CancelOrder', { ...input, idempotencyKey: undefined }),
      orderId: input.orderId,
      note,
      expectedVersion: input.expectedVersion ?? null,
      cause: context.cause,
    });
    if (result.kind === 'refused') return refused([explainCancellation(result.refusal)]);
    const order = await context.loaders.order.load(result.orderId);
    return { order, replayed: result.replayed, userErrors: [] };
  },
};

function refused(userErrors: Refusal[]): { order: null; replayed: false; userErrors: Refusal[] } {
  return { order: null, replayed: false, userErrors };
}

function readPlacement(input: PlaceOrderInput, caller: string, context: OrderContext): PlaceOrder {
  const { lines, payment } = input;
  if (lines.length < 1 || lines.length > linesMax) {
    throw badUserInput(`An order has from 1 to ${linesMax} lines.`, ['input', 'lines']);
  }
  const token = paymentToken(payment.token, ['input', 'payment', 'token']);
  return {
    customerId: caller,
    lines: lines.map((line, i) => readLine(line, ['input', 'lines', String(i)], context)),
    shippingAddress: readAddress(input.shippingAddress, ['input', 'shippingAddress']),
    payment: { channel: payment.channel, token },
  };
}

function readLine(
  line: OrderLineInput,
  field: string[],
  { identity }: OrderContext,
): RequestedLine {
  const { expectedUnitPrice: expected, unitPrice } = line;
  if (unitPrice) {
    if (identity.role !== 'staff') throw fault('FORBIDDEN', 'Only staff may give a price.');
    requireScope(identity, 'orders:override-price');
  }
  return {
    sku: identifier(line.sku, [...field, 'sku'], 64),
    quantity: integer(line.quantity, [...field, 'quantity'], { min: 1, max: quantityMax }),
    expectedUnitPrice: expected ? money(expected, [...field, 'expectedUnitPrice']) : null,
    unitPrice: unitPrice ? money(unitPrice, [...field, 'unitPrice']) : null,
  };
}

function readAddress(address: AddressInput, field: string[]): Address {
  return {
    name: requiredText(address.name, [...field, 'name']),
    line1: requiredText(address.line1, [...field, 'line1']),
    line2: optionalText(address.line2, [...field, 'line2']),
    city: requiredText(address.city, [...field, 'city']),
    region: optionalText(address.region, [...field, 'region']),
    postalCode: requiredText(address.postalCode, [...field, 'postalCode']),
    countryCode: address.countryCode,
    phone: optionalPhone(address.phone, [...field, 'phone']),
    email: optionalEmail(address.email, [...field, 'email']),
  };
}

function explainPlacement(rejection: PlacementRejection): Refusal {
  switch (rejection.code) {
    case 'UNKNOWN_SKU':
      return basicRefusal('UNKNOWN_SKU', `The catalogue has no ${rejection.sku}.`, [
        ...lineField(rejection.line),
        'sku',
      ]);
    case 'PRICE_CHANGED': {
      const { sku, expected, actual } = rejection;
      return {
        __typename: 'PriceChanged',
        code: 'PRICE_CHANGED',
        message: `${sku} costs ${formatAmount(actual)} ${actual.currency} now.`,
        field: [...lineField(rejection.line), 'expectedUnitPrice'],
        sku,
        expected,
        actual,
      };
    }
    case 'MIXED_CURRENCIES':
      throw badUserInput(
        'All lines of an order must be in one currency.',
        lineField(rejection.line),
      );
    case 'LIMIT_EXCEEDED':
      return basicRefusal('LIMIT_EXCEEDED', 'The order is worth more than can be charged.', [
        'input',
        'lines',
      ]);
  }
}

function explainCancellation(refusal: CancelRefusal): Refusal {
  switch (refusal.code) {
    case 'NOT_FOUND':
      return basicRefusal('NOT_FOUND', 'There is no such order.', ['input', 'orderId']);
    case 'IDEMPOTENCY_KEY_REUSED':
      return keyReused();
    case 'INVALID_TRANSITION':
      return basicRefusal(
        'INVALID_TRANSITION',
        `An order that is ${refusal.status} cannot be cancelled.`,
        ['input', 'orderId'],
      );
    case 'VERSION_CONFLICT':
      return {
        __typename: 'VersionConflict',
        code: 'VERSION_CONFLICT',
        message: 'The order has changed since.',
        field: ['input', 'expectedVersion'],
        expected: refusal.expected,
        actual: refusal.actual,
      };
  }
}

function keyReused(): Refusal {
  return basicRefusal(
    'IDEMPOTENCY_KEY_REUSED',
    'This idempotency key was used before with another request.',
    ['input', 'idempotencyKey'],
  );
}

function lineField(line: number): string[] {
  return ['input', 'lines', String(line)];
}
