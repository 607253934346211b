import type { Charge, Refund } from './domain.ts';
import type { Ledger } from './ledger.ts';

/** One line of a settlement file. Money is minor units and signed as the merchant's account sees it. */
export type SettlementRow = {
  readonly type: 'charge' | 'refund';
  readonly id: string;
  readonly charge: string;
  readonly orderId: string;
  readonly attemptId: string;
  /** ISO 8601, UTC. */
  readonly settledAt: string;
  readonly currency: string;
  readonly gross: number;
  readonly fee: number;
  readonly net: number;
};

export type SettlementTotals = {
  readonly currency: string;
  readonly charges: number;
  readonly refunds: number;
  readonly gross: number;
  readonly fee: number;
  readonly net: number;
};

const feePerMille = 15;
const feeFixedMinor = 20;

/** 1.5 % of the captured amount rounded half to even, plus 20 minor units. Integers throughout: no float rounding. */
export function feeMinor(capturedMinor: number): number {
  const perMille = capturedMinor * feePerMille;
  const whole = Math.floor(perMille / 1000);
  const remainder = perMille % 1000;
  const roundsUp = remainder > 500 || (remainder === 500 && whole % 2 === 1);
  return whole + (roundsUp ? 1 : 0) + feeFixedMinor;
}

const isoTime = (seconds: number | null): string => new Date((seconds ?? 0) * 1000).toISOString();

function chargeRow(charge: Charge): SettlementRow {
  const fee = feeMinor(charge.amountCaptured);
  return {
    type: 'charge',
    id: charge.id,
    charge: charge.id,
    orderId: charge.metadata['orderId'] ?? '',
    attemptId: charge.metadata['attemptId'] ?? '',
    settledAt: isoTime(charge.settled),
    currency: charge.currency,
    gross: charge.amountCaptured,
    fee,
    net: charge.amountCaptured - fee,
  };
}

/** A refund gives the whole amount back and costs nothing; the charge's fee stays with the provider. */
function refundRow(charge: Charge, refund: Refund): SettlementRow {
  return {
    type: 'refund',
    id: refund.id,
    charge: refund.charge,
    orderId: charge.metadata['orderId'] ?? '',
    attemptId: charge.metadata['attemptId'] ?? '',
    settledAt: isoTime(refund.settled),
    currency: refund.currency,
    gross: -refund.amount,
    fee: 0,
    net: -refund.amount,
  };
}

/** The rows of a UTC day (`2026-01-31`), in the order in which the money moved. */
export function* settlementRows(ledger: Ledger, day: string): Generator<SettlementRow> {
  for (const item of ledger.settledOn(day)) {
    const refund = item.kind === 'refund' ? ledger.refund(item.id) : undefined;
    const charge = ledger.charge(refund?.charge ?? item.id);
    if (charge === undefined) continue;
    yield refund === undefined ? chargeRow(charge) : refundRow(charge, refund);
  }
}

/** The totals with one more row in them, per currency. */
export function addToTotals(totals: Map<string, SettlementTotals>, row: SettlementRow): void {
  const before = totals.get(row.currency) ?? {
    currency: row.currency,
    charges: 0,
    refunds: 0,
    gross: 0,
    fee: 0,
    net: 0,
  };
  totals.set(row.currency, {
    currency: row.currency,
    charges: before.charges + (row.type === 'charge' ? 1 : 0),
    refunds: before.refunds + (row.type === 'refund' ? 1 : 0),
    gross: before.gross + row.gross,
    fee: before.fee + row.fee,
    net: before.net + row.net,
  });
}

const columns = [
  'type',
  'id',
  'charge',
  'orderId',
  'attemptId',
  'settledAt',
  'currency',
  'gross',
  'fee',
  'net',
] as const;

const csvField = (value: string | number): string =>
  typeof value === 'string' && /[",\r\n]/.test(value)
    ? `"${value.replaceAll('"', '""')}"`
    : String(value);

const csvLine = (values: readonly (string | number)[]): string =>
  `${values.map(csvField).join(',')}\r\n`;

/** RFC 4180 lines: a head, the rows, then one `total` row per currency. */
export function* settlementCsv(rows: Iterable<SettlementRow>): Generator<string> {
  const totals = new Map<string, SettlementTotals>();
  yield csvLine(columns);
  for (const row of rows) {
    addToTotals(totals, row);
    yield csvLine(columns.map((column) => row[column]));
  }
  for (const { currency, gross, fee, net } of totals.values()) {
    yield csvLine(['total', '', '', '', '', '', currency, gross, fee, net]);
  }
}

/** Pieces of one JSON object: `{ date, complete, rows, totals }`. */
export function* settlementJson(
  rows: Iterable<SettlementRow>,
  date: string,
  complete: boolean,
): Generator<string> {
  const totals = new Map<string, SettlementTotals>();
  yield `{"date":${JSON.stringify(date)},"complete":${complete},"rows":[`;
  let separator = '';
  for (const row of rows) {
    addToTotals(totals, row);
    yield separator + JSON.stringify(row);
    separator = ',';
  }
  yield `],"totals":${JSON.stringify([...totals.values()])}}`;
}
