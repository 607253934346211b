/**
 * Apollo's multipart protocol for subscriptions, version 1.0: parts of JSON between boundaries; `{}` is a heartbeat,
 * `{"payload":…}` an event, `{"payload":null,"errors":[…]}` the end by a failure.
 */
import type { StreamFormat } from './streamed-response.ts';

/** Each part ends with the next boundary, so that clients need not wait for what follows to read it. */
function part(json: string): string {
  return `\r\ncontent-type: application/json\r\n\r\n${json}\r\n--graphql`;
}

export const multipartFormat: StreamFormat = {
  headers: {
    'content-type': 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0"',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  },
  opening: '\r\n--graphql',
  heartbeat: part('{}'),
  event: ({ text }) => part(`{"payload":${text}}`),
  failed: (errors) => part(JSON.stringify({ payload: null, errors })),
  closing: '--\r\n',
};
