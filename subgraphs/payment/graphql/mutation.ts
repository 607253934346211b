import { requireCaller } from '@ordergraph/platform/access.ts';
import { hidesCardNumber } from '@ordergraph/platform/card-numbers.ts';
import { badUserInput } from '@ordergraph/platform/errors.ts';
import type { PayOrderResult } from '../commands.ts';
import type { Context } from './context.ts';
import type { MutationResolvers, PayOrderInput } from './generated.ts';
import type { UserErrorSource } from './sources.ts';

const textLengthMax = 255;

export const Mutation: MutationResolvers<Context> = {
  async payOrder(_parent, { input }, { identity, cause, payments }) {
    const caller = requireCaller(identity);
    checkInput(input);
    const { idempotencyKey, orderId, payment } = input;
    const { channel, token } = payment;
    const result = await payments.payOrder({
      caller,
      idempotencyKey,
      orderId,
      origin: cause,
      payment: { channel, token },
    });
    return result.kind === 'done'
      ? { order: { id: orderId }, replayed: result.replayed, userErrors: [] }
      : { order: null, replayed: false, userErrors: [refusals[result.reason]] };
  },
};

type RefusalReason = Extract<PayOrderResult, { kind: 'refused' }>['reason'];

const refusals: Readonly<Record<RefusalReason, UserErrorSource>> = {
  NOT_FOUND: {
    code: 'NOT_FOUND',
    message: 'There is no such order to pay.',
    field: ['input', 'orderId'],
  },
  INVALID_TRANSITION: {
    code: 'INVALID_TRANSITION',
    message: 'The order is not waiting for another payment.',
    field: ['input', 'orderId'],
  },
  KEY_REUSED: {
    code: 'IDEMPOTENCY_KEY_REUSED',
    message: 'This key was used before with another request.',
    field: ['input', 'idempotencyKey'],
  },
};

/** Messages never repeat what was given: it may be what must not be written down. */
function checkInput({ idempotencyKey, orderId, payment }: PayOrderInput): void {
  checkText(idempotencyKey, 'idempotencyKey', ['input', 'idempotencyKey']);
  checkText(orderId, 'orderId', ['input', 'orderId']);
  const field = ['input', 'payment', 'token'];
  checkText(payment.token, 'token', field);
  if (hidesCardNumber(payment.token)) {
    throw badUserInput("token must be the provider's token, not card data.", field);
  }
}

function checkText(text: string, name: string, field: readonly string[]): void {
  // Neither control characters nor halves of surrogate pairs, which cannot be stored.
  const printable = !/[\p{Cc}\p{Cs}]/u.test(text);
  if (text.length >= 1 && text.length <= textLengthMax && printable) return;
  throw badUserInput(`${name} must have 1 to ${textLengthMax} printable characters.`, field);
}
