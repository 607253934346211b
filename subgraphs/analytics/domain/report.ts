/** What may be asked of a sales report, and its shape. */

export type Grouping = 'DAY' | 'SKU';
export type ReportQuestion = {
  /** Calendar days in UTC, both included. */
  readonly from: string;
  readonly to: string;
  readonly groupBy: Grouping;
};

export type Revenue = { readonly minor: number; readonly currency: string };
export type Figures = {
  readonly orders: number;
  readonly lines: number;
  readonly units: number;
  /** In order of the currency. */
  readonly revenue: readonly Revenue[];
};
export type ReportRow = { readonly key: string; readonly figures: Figures };

export const daysMax = 367;
export const rowsMax = 10_000;

export const noFigures: Figures = { orders: 0, lines: 0, units: 0, revenue: [] };

const msPerDay = 86_400_000;

/** What is wrong with a question, with the field at fault; undefined if nothing is. */
export function faultOf({
  from,
  to,
}: ReportQuestion): { message: string; field: string } | undefined {
  const days = (Date.parse(to) - Date.parse(from)) / msPerDay + 1;
  if (days < 1) return { message: 'from must not be after to.', field: 'from' };
  if (days > daysMax) {
    return {
      message: `A report covers at most ${daysMax} days; this would be ${days}.`,
      field: 'to',
    };
  }
  return undefined;
}
