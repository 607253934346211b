import { requireScope } from '@ordergraph/platform/access.ts';
import { badUserInput } from '@ordergraph/platform/errors.ts';
import { faultOf, rowsMax } from '../domain/report.ts';
import { countSales, newestEventAt } from '../store/sales-report.ts';
import type { AnalyticsContext } from './context.ts';
import type { QueryResolvers } from './generated.ts';

export const Query: QueryResolvers<AnalyticsContext> = {
  async salesReport(_parent, { input }, { sql, clock, identity }) {
    requireScope(identity, 'analytics:read');
    const fault = faultOf(input);
    if (fault) throw badUserInput(fault.message, ['input', fault.field]);
    // Read before counting: whatever is counted besides only makes the report newer than it says.
    const newest = await newestEventAt(sql);
    const { totals, rows } = await countSales(sql, input, rowsMax + 1);
    if (rows.length > rowsMax) {
      const message = `This report has more than ${rowsMax} rows; ask for fewer days.`;
      throw badUserInput(message, ['input', 'to']);
    }
    return { asOf: newest ?? clock.now(), totals, rows };
  },
};
