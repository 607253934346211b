/** A router's traces, as a collector gets them and as subgraphs are told of them. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startCollector, type CollectedSpan, type Collector } from '../test/collector.ts';
import { overSocket, overSse, socketClient } from '../test/clients.ts';
import { post, send, startTestRouter } from '../test/router.ts';

let collector: Collector;
let world: Awaited<ReturnType<typeof startTestRouter>>;

beforeAll(async () => {
  collector = await startCollector();
  world = await startTestRouter({
    OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-collector-key=open%20sesame',
    OTEL_SERVICE_NAME: 'router under test',
    OTEL_BSP_SCHEDULE_DELAY: '1',
    CALLER_TRACES_PER_SECOND: '1000',
    BATCHING_SUBGRAPHS: '',
  });
});
afterEach(() => {
  collector.behaviour = 'serve';
  world.payment.behaviour = { kind: 'serve' };
  world.order.seen.length = 0;
  world.payment.seen.length = 0;
});
afterAll(async () => {
  await world.stop();
  await collector.stop();
});

/** Longer than anything here takes on a busy machine. */
const soon = { timeout: 15_000, interval: 5 };
const kinds = { internal: 1, server: 2, client: 3, consumer: 5 };
const isError = 2;
let traces = 0;

/** A caller's trace, unlike any other one. */
function callersTrace(flags = '01') {
  const traceId = (traces += 1).toString(16).padStart(32, 'a');
  const spanId = traces.toString(16).padStart(16, 'b');
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${flags}` };
}

/** The spans of a trace, once there are so many. */
async function spansOf(traceId: string, count: number): Promise<readonly CollectedSpan[]> {
  const found = () => collector.spans.filter((span) => span.traceId === traceId);
  await expect.poll(() => found().length, soon).toBe(count);
  return found();
}

function named(spans: readonly CollectedSpan[], name: string): CollectedSpan {
  const [span, ...others] = spans.filter((one) => one.name === name);
  if (!span || others.length > 0) throw new Error(`not one span "${name}"`);
  return span;
}

const traceparents = (subgraph: 'order' | 'payment') =>
  world[subgraph].seen.map(({ headers }) => headers.traceparent);

test("a caller's trace goes on through the operation, its plan and each fetch, whose spans the subgraphs continue", async () => {
  const { traceId, spanId, traceparent } = callersTrace();
  const query = 'query Whole($id: ID!) { order(id: $id) { id payment { status } } }';
  const ask = (header: string) =>
    post(world.url, query, { variables: { id: '1' }, headers: { traceparent: header } });
  await ask(traceparent);
  const spans = await spansOf(traceId, 4);

  const operation = named(spans, 'query Whole');
  expect(operation).toMatchObject({
    parentSpanId: spanId,
    kind: kinds.server,
    service: 'router under test',
    status: { code: 0 },
    attributes: {
      'graphql.operation.type': 'query',
      'graphql.operation.name': 'Whole',
      'router.transport': 'http',
      'router.plan.cache': 'miss',
      'router.outcome': 'ok',
      'router.cost': expect.any(Number),
    },
  });
  expect(named(spans, 'plan')).toMatchObject({
    parentSpanId: operation.spanId,
    kind: kinds.internal,
    attributes: { 'router.outcome': 'ok' },
  });
  for (const [subgraph, kind] of [
    ['order', 'query'],
    ['payment', 'entities'],
  ] as const) {
    const fetched = named(spans, `fetch ${subgraph}`);
    expect(fetched).toMatchObject({
      parentSpanId: operation.spanId,
      kind: kinds.client,
      attributes: {
        'router.subgraph': subgraph,
        'router.fetch.kind': kind,
        'router.outcome': 'ok',
        'http.response.status_code': 200,
      },
    });
    expect(traceparents(subgraph)).toEqual([`00-${traceId}-${fetched.spanId}-01`]);
    expect(fetched.startTimeUnixNano).toBeGreaterThanOrEqual(operation.startTimeUnixNano);
    expect(fetched.endTimeUnixNano).toBeLessThanOrEqual(operation.endTimeUnixNano);
  }
  expect(named(spans, 'fetch payment').startTimeUnixNano).toBeGreaterThanOrEqual(
    named(spans, 'fetch order').endTimeUnixNano,
  );

  const again = callersTrace();
  await ask(again.traceparent);
  const known = await spansOf(again.traceId, 3);
  expect(known.map(({ name }) => name).toSorted()).toEqual([
    'fetch order',
    'fetch payment',
    'query Whole',
  ]);
  expect(named(known, 'query Whole').attributes['router.plan.cache']).toBe('hit');
});

test('a request without a trace begins one, under the id that the access log names', async () => {
  world.lines.length = 0;
  await post(world.url, 'mutation Begun { placeOrder(id: "7") { id } }');
  const line = world.lines.find((text) => text.includes('"Begun"'));
  const { traceId } = JSON.parse(line ?? '{}');
  const spans = await spansOf(traceId, 3);
  expect(named(spans, 'mutation Begun').parentSpanId).toBeUndefined();
  expect(named(spans, 'fetch order').attributes['router.fetch.kind']).toBe('mutation');
  expect(traceparents('order')).toEqual([`00-${traceId}-${named(spans, 'fetch order').spanId}-01`]);
});

test('what is not recorded by the caller is not recorded here, nor below, and what is dropped of its state stays dropped', async () => {
  const unrecorded = callersTrace('00');
  const recorded = callersTrace('03');
  for (const { traceparent } of [unrecorded, recorded]) {
    await post(world.url, '{ viewer }', { headers: { traceparent, tracestate: 'vendor=secret' } });
  }
  const spans = await spansOf(recorded.traceId, 2);
  expect(spans.map(({ traceState }) => traceState || undefined)).toEqual([undefined, undefined]);
  const [first, second] = world.order.seen;
  expect(first?.headers.traceparent).toMatch(
    new RegExp(`^00-${unrecorded.traceId}-(?!${unrecorded.spanId})[0-9a-f]{16}-00$`),
  );
  expect(second?.headers.traceparent).toBe(
    `00-${recorded.traceId}-${named(spans, 'fetch order').spanId}-01`,
  );
  expect(world.order.seen.map(({ headers }) => headers['tracestate'])).toEqual([
    undefined,
    undefined,
  ]);
  // The first was over before the second began, and spans go in their order.
  expect(collector.spans.filter(({ traceId }) => traceId === unrecorded.traceId)).toEqual([]);
});

test('failures are told by their public codes, at the fetch that failed and at the operation', async () => {
  world.payment.behaviour = { kind: 'answer', status: 502, type: 'text/html', body: '<h1>' };
  const gone = callersTrace();
  await post(world.url, '{ order(id: "1") { id payment { status } } }', {
    headers: { traceparent: gone.traceparent },
  });
  const spans = await spansOf(gone.traceId, 4);
  const failed = {
    status: { code: isError, message: 'SERVICE_UNAVAILABLE' },
    attributes: {
      'router.outcome': 'SERVICE_UNAVAILABLE',
      'error.type': 'SERVICE_UNAVAILABLE',
    },
  };
  expect(named(spans, 'query')).toMatchObject(failed);
  expect(named(spans, 'fetch payment')).toMatchObject(failed);
  expect(named(spans, 'fetch payment').attributes['http.response.status_code']).toBe(502);
  expect(named(spans, 'fetch order').status).toEqual({ code: 0 });

  const odd = callersTrace();
  await post(world.url, '{ fail(code: "CODE_OF_ITS_OWN", message: "at secret-host") }', {
    headers: { traceparent: odd.traceparent },
  });
  for (const name of ['fetch order', 'query']) {
    expect(named(await spansOf(odd.traceId, 3), name).status).toEqual({
      code: isError,
      message: 'INTERNAL_SERVER_ERROR',
    });
  }

  const invalid = callersTrace();
  await post(world.url, '{ nothing }', { headers: { traceparent: invalid.traceparent } });
  const [refused] = await spansOf(invalid.traceId, 1);
  expect(refused).toMatchObject({
    name: 'GraphQL Operation',
    status: { code: isError, message: 'GRAPHQL_VALIDATION_FAILED' },
  });
});

test.each(['websocket', 'sse'] as const)(
  'over %s a subscription has its span, and each event a trace of its own that points there',
  async (transport) => {
    const { traceId, spanId, traceparent } = callersTrace();
    const operation = {
      query: `subscription Watched_${transport}($id: ID!) {
        orderStatusChanged(orderId: $id) { order { id payment { status } } }
      }`,
      variables: { id: `traced-${transport}` },
    };
    const client = socketClient(world.url);
    const stream =
      transport === 'sse'
        ? overSse(world.url, operation, { traceparent })
        : overSocket(client, { ...operation, extensions: { traceparent } });
    await expect.poll(() => world.order.subscriptions(), soon).toBe(1);
    for (const cursor of ['1', '2']) {
      const change = { cursor, status: 'PLACED', order: { id: '1' } };
      world.order.publish({ orderStatusChanged: change });
    }
    await expect.poll(() => stream.results.length, soon).toBe(2);
    stream.stop();
    await client.dispose();

    const begun = await spansOf(traceId, 3);
    const subscribed = named(begun, `subscription Watched_${transport}`);
    expect(subscribed).toMatchObject({
      parentSpanId: spanId,
      attributes: { 'router.transport': transport, 'router.outcome': 'ok' },
    });
    const sent = named(begun, 'subscribe order');
    expect(sent).toMatchObject({ parentSpanId: subscribed.spanId, kind: kinds.client });
    expect(world.order.subscribed.at(-1)?.['extensions']).toMatchObject({
      traceparent: `00-${traceId}-${sent.spanId}-01`,
    });

    const pointing = () =>
      collector.spans.filter(({ links }) => links[0]?.spanId === subscribed.spanId);
    await expect.poll(() => pointing().length, soon).toBe(3);
    const events = pointing().filter(({ name }) => name === 'stream event');
    for (const event of events) {
      expect(event).toMatchObject({
        kind: kinds.consumer,
        attributes: { 'graphql.operation.name': `Watched_${transport}`, 'router.outcome': 'ok' },
      });
      const fetched = named(await spansOf(event.traceId, 2), 'fetch payment');
      expect(fetched.parentSpanId).toBe(event.spanId);
      expect(traceparents('payment')).toContain(`00-${event.traceId}-${fetched.spanId}-01`);
    }
    expect(new Set(events.map((event) => event.traceId)).size).toBe(2);
    expect(named(pointing(), 'stream end').attributes['router.outcome']).toBe('left');
  },
);

test('what goes to a subgraph as one call has a span in the trace of each who asked', async () => {
  const router = await world.start({ BATCHING_SUBGRAPHS: 'payment' });
  const client = socketClient(router.url);
  const own = [callersTrace(), callersTrace('00'), callersTrace()];
  const streams = own.map(({ traceparent }, i) =>
    overSocket(client, {
      query: `subscription { orderStatusChanged(orderId: "batch-${i}") { order { payment { status } } } }`,
      extensions: { traceparent },
    }),
  );
  await expect.poll(() => world.order.subscriptions(), soon).toBe(streams.length);
  world.payment.behaviour = {
    kind: 'answer',
    body: JSON.stringify(streams.map(() => ({ data: { _entities: [{ payment: null }] } }))),
  };
  world.order.publish({ orderStatusChanged: { cursor: '1', order: { id: '1' } } });
  for (const stream of streams) await expect.poll(() => stream.results.length, soon).toBe(1);
  const [call] = world.payment.seen;
  const told = (Array.isArray(call?.body) ? call.body : []).map(
    ({ extensions }) => extensions.traceparent,
  );
  await client.dispose();
  await router.stop();

  const fetches = collector.spans.filter(
    ({ attributes }) => attributes['router.fetch.batch'] === 3,
  );
  expect(fetches).toHaveLength(2);
  expect(told.filter((text) => text.endsWith('-01'))).toEqual(
    fetches.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`),
  );
  expect(told[1]).toMatch(new RegExp(`^00-${own[1]?.traceId}-[0-9a-f]{16}-00$`));
});

test('the collector is asked with the configured headers', () => {
  const [first] = collector.requests;
  expect(first?.headers['x-collector-key']).toBe('open sesame');
});

test('of the traces that begin here a part is recorded, and of those that callers want recorded so many a second', async () => {
  const router = await world.start({
    OTEL_TRACES_SAMPLER_ARG: '0',
    CALLER_TRACES_PER_SECOND: '1',
    OTEL_SERVICE_NAME: 'thrifty',
  });
  await post(router.url, '{ viewer }');
  const wanted = Array.from({ length: 20 }, () => callersTrace());
  await Promise.all(
    wanted.map(({ traceparent }) => post(router.url, '{ viewer }', { headers: { traceparent } })),
  );
  await router.stop();
  const recorded = new Set(
    collector.spans.filter(({ service }) => service === 'thrifty').map(({ traceId }) => traceId),
  );
  expect(recorded.size).toBeGreaterThanOrEqual(1);
  expect(recorded.size).toBeLessThan(wanted.length);
  const sampled = world.order.seen
    .map(({ headers }) => String(headers.traceparent))
    .filter((text) => text.endsWith('-01'));
  expect(new Set(sampled.map((text) => text.split('-')[1]))).toEqual(recorded);
});

test.each(['hangs', 'is not there'])(
  'a collector that %s delays no answer, fills no memory and holds up no stop',
  async (how) => {
    collector.behaviour = 'hang';
    const before = collector.requests.length;
    const router = await world.start({
      OTEL_EXPORTER_OTLP_ENDPOINT: how === 'hangs' ? collector.url : 'http://127.0.0.1:9',
      OTEL_BSP_MAX_QUEUE_SIZE: '6',
      OTEL_EXPORTER_OTLP_TIMEOUT: '3600000',
    });
    for (let i = 0; i < 5; i += 1) {
      expect((await post(router.url, '{ viewer }')).body).toMatchObject({ data: {} });
    }
    // Eleven spans, of which six may wait or be on their way: the first operation has a plan, too.
    expect(await spansCounted(router.url, 'dropped')).toBe(5);
    await router.stop();
    expect(spansIn(collector.requests.slice(before))).toBe(how === 'hangs' ? 6 : 0);
  },
);

test('a collector that is away costs its spans and two lines in the log, however long that lasts', async () => {
  collector.behaviour = 404;
  world.lines.length = 0;
  const router = await world.start();
  for (const expected of [3, 5, 7]) {
    await post(router.url, '{ viewer }');
    await expect.poll(() => spansCounted(router.url, 'failed'), soon).toBe(expected);
  }
  collector.behaviour = 'serve';
  await post(router.url, '{ viewer }');
  await expect.poll(() => spansCounted(router.url, 'exported'), soon).toBe(2);
  await router.stop();
  const told = world.lines.filter((line) => line.includes('the collector takes'));
  expect(told.map((line) => JSON.parse(line).msg)).toEqual([
    'the collector takes no spans',
    'the collector takes spans again',
  ]);
});

test('without a collector nothing is made or sent, and traces go on to the subgraphs all the same', async () => {
  const before = collector.requests.length;
  const router = await world.start({ OTEL_EXPORTER_OTLP_ENDPOINT: '' });
  const { traceId, traceparent } = callersTrace();
  await post(router.url, '{ viewer }', { headers: { traceparent } });
  const { text } = await send(router.url.replace('/graphql', '/metrics'), { method: 'GET' });
  await router.stop();
  expect(text).not.toMatch(/^router_spans_total\{/m);
  expect(collector.requests).toHaveLength(before);
  expect(traceparents('order')).toEqual([expect.stringMatching(`^00-${traceId}-[0-9a-f]{16}-01$`)]);
});

async function spansCounted(url: string, fate: string): Promise<number> {
  const { text } = await send(url.replace('/graphql', '/metrics'), { method: 'GET' });
  return Number(new RegExp(`router_spans_total\\{fate="${fate}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
}

function spansIn(requests: Collector['requests']): number {
  return requests.reduce((sum, { body }) => sum + (body.match(/"spanId"/g)?.length ?? 0), 0);
}
