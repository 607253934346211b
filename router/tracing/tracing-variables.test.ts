import { expect, test } from 'vitest';
import { z } from 'zod';
import { tracingVariables } from './tracing-variables.ts';

const headers = z.object({ of: tracingVariables.OTEL_EXPORTER_OTLP_HEADERS });

test.each([
  ['', {}],
  ['api-key=secret', { 'api-key': 'secret' }],
  [' a = 1 , authorization=Basic%20abc%3D ,', { a: '1', authorization: 'Basic abc=' }],
  ['empty=', { empty: '' }],
])('headers for the collector are read as OpenTelemetry writes them: %s', (text, expected) => {
  expect(headers.parse({ of: text }).of).toEqual(expected);
});

test.each(['secret', '=secret', 'a b=secret', 'key=%secret'])(
  'what is no header is refused without showing it: %s',
  (text) => {
    const { error } = headers.safeParse({ of: text });
    expect(error?.issues).toHaveLength(1);
    expect(error?.message).not.toContain('secret');
  },
);
