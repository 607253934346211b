import { expect, test } from 'vitest';
import { acceptedForms } from './accept.ts';

test.each([
  [undefined, ['json']],
  ['*/*', ['json']],
  ['application/json', ['legacy-json']],
  ['application/graphql-response+json,application/json;q=0.9', ['graphql-response', 'legacy-json']],
  ['application/json;q=0.1, text/event-stream', ['sse', 'legacy-json']],
  [
    'multipart/mixed;boundary="graphql";subscriptionSpec="1.0", application/json',
    ['multipart', 'legacy-json'],
  ],
  ['multipart/mixed;subscriptionSpec=1.0', ['multipart']],
  ['multipart/mixed;deferSpec=20220824', []],
  ['text/html,application/xhtml+xml,*/*;q=0.8', ['html', 'json']],
  ['application/json;q=0', []],
  ['image/png', []],
])('the header "%s" accepts %j', (accept, forms) => {
  expect(acceptedForms(accept)).toEqual(forms);
});
