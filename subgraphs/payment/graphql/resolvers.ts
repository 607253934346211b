import type { Context } from './context.ts';
import type { Resolvers } from './generated.ts';
import { Money } from './money.ts';
import { Mutation } from './mutation.ts';
import { Order } from './order.ts';
import { OrderPayment } from './order-payment.ts';
import { PaymentAttempt } from './payment-attempt.ts';
import { Refund } from './refund.ts';
import { UserError } from './user-error.ts';

export const resolvers: Resolvers<Context> = {
  Money,
  Mutation,
  Order,
  OrderPayment,
  PaymentAttempt,
  Refund,
  UserError,
};
