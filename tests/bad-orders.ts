/** Input of `placeOrder` that makes no sense. */
import { pounds } from './pounds.ts';

export const line = { sku: 'LAMP', quantity: 1 };
const address = {
  name: 'Ada',
  line1: '1 High St',
  city: 'York',
  postalCode: 'YO1',
  countryCode: 'GB',
};
/** A character that is half of one: it can be sent as JSON, but not kept. */
export const half = '\ud83d';

/** What is wrong with an order's input, and the field that the refusal names; where a type is at fault, none. */
export const badOrders: Record<string, [change: object, field?: string]> = {
  'no key': [{ idempotencyKey: undefined }],
  'an empty key': [{ idempotencyKey: '' }, 'idempotencyKey'],
  'a key of blanks': [{ idempotencyKey: '   ' }, 'idempotencyKey'],
  'a key of 256 characters': [{ idempotencyKey: 'k'.repeat(256) }, 'idempotencyKey'],
  'a key with a NUL': [{ idempotencyKey: 'a\u0000b' }, 'idempotencyKey'],
  'a key with half a character': [{ idempotencyKey: `a${half}` }, 'idempotencyKey'],
  'a key that is a number': [{ idempotencyKey: 7 }],
  'no lines': [{ lines: undefined }],
  'lines that are null': [{ lines: null }],
  'an empty list of lines': [{ lines: [] }, 'lines'],
  '251 lines': [{ lines: Array.from({ length: 251 }, () => line) }, 'lines'],
  'a line that is null': [{ lines: [line, null] }],
  'a line that is a text': [{ lines: ['LAMP'] }],
  'a quantity of 0': [{ lines: [{ ...line, quantity: 0 }] }, 'lines.0.quantity'],
  'a negative quantity': [{ lines: [line, { ...line, quantity: -1 }] }, 'lines.1.quantity'],
  'a quantity above the most': [{ lines: [{ ...line, quantity: 100_001 }] }, 'lines.0.quantity'],
  'a quantity beyond 32 bits': [{ lines: [{ ...line, quantity: 2 ** 31 }] }],
  'a quantity beyond 53 bits': [{ lines: [{ ...line, quantity: 1e300 }] }],
  'half a piece': [{ lines: [{ ...line, quantity: 0.5 }] }],
  'a quantity as a text': [{ lines: [{ ...line, quantity: '1' }] }],
  'an empty SKU': [{ lines: [{ ...line, sku: '' }] }, 'lines.0.sku'],
  'a SKU of 65 characters': [{ lines: [{ ...line, sku: 'S'.repeat(65) }] }, 'lines.0.sku'],
  'a SKU with a NUL': [{ lines: [{ ...line, sku: 'LAMP\u0000' }] }, 'lines.0.sku'],
  'a SKU with half a character': [{ lines: [{ ...line, sku: half }] }, 'lines.0.sku'],
  'a price that is a number': [
    { lines: [{ ...line, expectedUnitPrice: { amount: 2.5, currencyCode: 'GBP' } }] },
  ],
  'a price in words': [{ lines: [{ ...line, expectedUnitPrice: pounds('NaN') }] }],
  'a price of half a penny': [
    { lines: [{ ...line, expectedUnitPrice: pounds('2.505') }] },
    'lines.0.expectedUnitPrice',
  ],
  'a negative price': [
    { lines: [{ ...line, expectedUnitPrice: pounds('-2.50') }] },
    'lines.0.expectedUnitPrice',
  ],
  'an unknown currency': [
    { lines: [{ ...line, expectedUnitPrice: { amount: '2.50', currencyCode: 'GPB' } }] },
  ],
  'no address': [{ shippingAddress: null }],
  'an address without a city': [{ shippingAddress: { ...address, city: undefined } }],
  'a blank city': [{ shippingAddress: { ...address, city: ' ' } }, 'shippingAddress.city'],
  'a name of 256 characters': [
    { shippingAddress: { ...address, name: 'n'.repeat(256) } },
    'shippingAddress.name',
  ],
  'a name that would add a mail header': [
    { shippingAddress: { ...address, name: 'Ada\r\nBcc: all@shop.example' } },
    'shippingAddress.name',
  ],
  'a name with half a character': [
    { shippingAddress: { ...address, name: half } },
    'shippingAddress.name',
  ],
  'a country that is none': [{ shippingAddress: { ...address, countryCode: 'XX' } }],
  'a country in small letters': [{ shippingAddress: { ...address, countryCode: 'gb' } }],
  'an e-mail address that is none': [
    { shippingAddress: { ...address, email: 'ada@' } },
    'shippingAddress.email',
  ],
  'two e-mail addresses': [
    { shippingAddress: { ...address, email: 'a@b.example,c@d.example' } },
    'shippingAddress.email',
  ],
  'no payment': [{ payment: undefined }],
  'an unknown channel': [{ payment: { channel: 'CASH', token: 'tok_ok' } }],
  'an empty token': [{ payment: { channel: 'SANDBOX', token: '' } }, 'payment.token'],
  'a card number': [
    { payment: { channel: 'SANDBOX', token: '4242 4242 4242 4242' } },
    'payment.token',
  ],
  'a card number in a token': [
    { payment: { channel: 'SANDBOX', token: 'tok_4242424242424242' } },
    'payment.token',
  ],
  'a card number for a name': [
    { shippingAddress: { ...address, name: '4242 4242 4242 4242' } },
    'shippingAddress.name',
  ],
  'a card number in an address': [
    { shippingAddress: { ...address, line2: 'pay with 4242-4242-4242-4242.' } },
    'shippingAddress.line2',
  ],
  'a card number for a telephone number': [
    { shippingAddress: { ...address, phone: '+4242424242424242' } },
    'shippingAddress.phone',
  ],
  'a token with half a character': [
    { payment: { channel: 'SANDBOX', token: half } },
    'payment.token',
  ],
  'a field that does not exist': [{ discount: '100%' }],
  'a text': ['order' as unknown as object],
};
