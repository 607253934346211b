/** Which of the schema's types a refusal is. */
import type { Context } from './context.ts';
import type { UserErrorResolvers } from './generated.ts';

export const userError: UserErrorResolvers<Context> = {
  __resolveType: ({ code }) =>
    code === 'INSUFFICIENT_STOCK' ? 'InsufficientStock' : 'BasicUserError',
};
