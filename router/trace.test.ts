import { expect, test } from 'vitest';
import { isSampled, traceFrom, traceparentOf } from './trace.ts';

const traceId = '0123456789abcdef0123456789abcdef';
const spanId = '0123456789abcdef';

test("a caller's trace goes on, with a span of ours in place of the caller's", () => {
  const trace = traceFrom(`00-${traceId}-${spanId}-01`);
  expect(trace).toEqual({ traceId, callerSpanId: spanId, flags: '01' });
  expect(traceparentOf(trace)).toMatch(new RegExp(`^00-${traceId}-(?!${spanId})[0-9a-f]{16}-01$`));
});

test.each([
  ['nothing', undefined],
  ['rubbish', 'rubbish'],
  ['capitals', `00-${traceId.toUpperCase()}-${spanId}-01`],
  ['no trace', `00-${'0'.repeat(32)}-${spanId}-01`],
  ['no span', `00-${traceId}-${'0'.repeat(16)}-01`],
  ['more than this version has', `00-${traceId}-${spanId}-01-more`],
  ['a version that there is not', `ff-${traceId}-${spanId}-01`],
  ['a later version that says more without a sign', `01-${traceId}-${spanId}-01more`],
])('of %s a new trace begins, which no caller has a span in', (_what, header) => {
  const trace = traceFrom(header);
  expect(trace.traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(trace.traceId).not.toBe(traceId);
  expect(trace.callerSpanId).toBeUndefined();
});

test.each([`01-${traceId}-${spanId}-01`, `cc-${traceId}-${spanId}-01-what-comes-later`])(
  'of a later version what is known is read: %s',
  (header) => {
    expect(traceFrom(header)).toEqual({ traceId, callerSpanId: spanId, flags: '01' });
  },
);

test.each([
  ['00', false],
  ['01', true],
  ['02', false],
  ['03', true],
  ['ff', true],
])('flags %s: recorded %s', (flags, expected) => {
  expect(isSampled({ traceId, flags })).toBe(expected);
});
