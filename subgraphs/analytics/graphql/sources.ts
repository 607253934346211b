/** What resolvers are given as parents. */
import type { Figures, ReportRow, Revenue } from '../domain/report.ts';

export type MoneySource = Revenue;
export type SalesFiguresSource = Figures;
export type SalesRowSource = ReportRow;
export type SalesReportSource = {
  readonly asOf: Date;
  readonly totals: SalesFiguresSource;
  readonly rows: readonly SalesRowSource[];
};
