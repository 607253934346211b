import type { Context } from './context.ts';
import type { UserErrorResolvers } from './generated.ts';

export const UserError: UserErrorResolvers<Context> = {
  __resolveType: () => 'BasicUserError',
};
