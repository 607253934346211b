/** What of an Online Retail file counts as a sale. Pure: each line is a sale, or is left out for one reason. */
import { countryCodeOf } from './countries.ts';

/** A line as the file has it. */
export type FileLine = {
  readonly InvoiceNo: string;
  readonly StockCode: string;
  readonly Description: string;
  readonly Quantity: string;
  readonly UnitPrice: string;
  readonly CustomerID: string;
  readonly Country: string;
};

export const fileColumns = [
  'InvoiceNo',
  'StockCode',
  'Description',
  'Quantity',
  'UnitPrice',
  'CustomerID',
  'Country',
] as const;

export type SalesLine = {
  readonly invoice: string;
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  /** Pence. */
  readonly unitPriceMinor: number;
  readonly customer: string;
  readonly countryCode: string;
};

/** Why lines are left out, in the order in which they are looked for. */
export const leftOutReasons = {
  malformed: 'quantity or price is no number',
  cancellation: 'cancellation: the invoice number begins with C',
  adjustment: 'adjustment of a debt: the invoice number begins with A',
  return: 'return or write-off: the quantity is not positive',
  nonProduct: 'no product: postage, fee, discount, voucher, sample, manual entry …',
  free: 'no sale: the price is not positive',
  fractionOfPenny: 'the price is not in whole pence',
  quantityBeyondLimit: 'more than 100,000 of one product',
  unknownCountry: 'the country is not known',
} as const;
export type LeftOutReason = keyof typeof leftOutReasons;

/** Stock codes that stand for no goods; the file writes some of them in both cases. */
const nonProducts = new Set([
  'AMAZONFEE',
  'B',
  'BANK CHARGES',
  'C2',
  'CRUK',
  'D',
  'DOT',
  'M',
  'PADS',
  'POST',
  'S',
]);
const voucher = /^GIFT_/;
const quantityMax = 100_000;

/** A sale, or the reason why the line is none. */
export function classify(line: FileLine): SalesLine | LeftOutReason {
  const price = /^(-?)(\d{1,10})(?:\.(\d{1,6}))?$/.exec(line.UnitPrice);
  if (!/^-?\d{1,9}$/.test(line.Quantity) || !price) return 'malformed';
  const quantity = Number(line.Quantity);
  const invoice = line.InvoiceNo;
  // Codes that differ only in case are one product: 85099B and 85099b.
  const sku = line.StockCode.trim().toUpperCase();
  if (/^c/i.test(invoice)) return 'cancellation';
  if (/^a/i.test(invoice)) return 'adjustment';
  if (quantity <= 0) return 'return';
  if (sku === '' || nonProducts.has(sku) || voucher.test(sku)) return 'nonProduct';
  const [, sign, whole = '', fraction = ''] = price;
  const pence = Number(`${whole}${fraction.slice(0, 2).padEnd(2, '0')}`);
  const partOfPenny = Number(fraction.slice(2) || '0');
  if (sign === '-' || (pence === 0 && partOfPenny === 0)) return 'free';
  if (partOfPenny !== 0) return 'fractionOfPenny';
  if (quantity > quantityMax) return 'quantityBeyondLimit';
  const countryCode = countryCodeOf(line.Country.trim());
  if (countryCode === undefined) return 'unknownCountry';
  return {
    invoice,
    sku,
    name: line.Description.trim().replaceAll(/\p{Cc}/gu, ' '),
    quantity,
    unitPriceMinor: pence,
    // It becomes part of an e-mail address; the files write it as 17850.0.
    customer: line.CustomerID.trim()
      .replace(/\.0$/, '')
      .replaceAll(/[^\w.-]/g, '-')
      .slice(0, 64),
    countryCode,
  };
}

/** What a left-out line would bring in thousandths of a penny, for the closing table; 0 if it is not a number. */
export function worthOfLeftOut(line: FileLine): bigint {
  const match = /^(-?)(\d{1,10})(?:\.(\d{1,5}))?$/.exec(line.UnitPrice);
  if (!match || !/^-?\d{1,9}$/.test(line.Quantity)) return 0n;
  const [, sign, whole = '', fraction = ''] = match;
  const price = BigInt(`${whole}${fraction.padEnd(5, '0')}`);
  return (sign === '-' ? -price : price) * BigInt(line.Quantity);
}
