/** A collector of traces, as far as a router sees one: it takes what comes by OTLP over HTTP in JSON. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { portOf } from './ports.ts';

const anyValue = z.union([
  z.object({ stringValue: z.string() }).transform(({ stringValue }) => stringValue),
  z.object({ intValue: z.coerce.number() }).transform(({ intValue }) => intValue),
  z.object({ doubleValue: z.number() }).transform(({ doubleValue }) => doubleValue),
  z.object({ boolValue: z.boolean() }).transform(({ boolValue }) => boolValue),
]);
const attributes = z
  .array(z.object({ key: z.string(), value: anyValue }))
  .transform((list) => Object.fromEntries(list.map(({ key, value }) => [key, value])));
const spanSchema = z.object({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z.string().optional(),
  traceState: z.string().optional(),
  name: z.string(),
  kind: z.int(),
  startTimeUnixNano: z.string().transform(BigInt),
  endTimeUnixNano: z.string().transform(BigInt),
  attributes,
  status: z.object({ code: z.int(), message: z.string().optional() }),
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })),
  events: z.array(z.unknown()),
});
const requestSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })),
    }),
  ),
});

export type CollectedSpan = z.infer<typeof spanSchema> & { readonly service: unknown };

/** `serve`: takes spans. `hang`: never answers. A number is the HTTP status of its refusals. */
export type CollectorBehaviour = 'serve' | 'hang' | number;

export type Collector = {
  readonly url: string;
  /** In the order in which they came. */
  readonly spans: CollectedSpan[];
  /** Every request as it came. */
  readonly requests: { readonly headers: IncomingMessage['headers']; readonly body: string }[];
  behaviour: CollectorBehaviour;
  stop(): Promise<void>;
};

export async function startCollector(): Promise<Collector> {
  const state: Pick<Collector, 'spans' | 'requests'> & { behaviour: CollectorBehaviour } = {
    spans: [],
    requests: [],
    behaviour: 'serve',
  };
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks).toString('utf8');
    state.requests.push({ headers: request.headers, body });
    if (state.behaviour === 'hang') return;
    const isServed = state.behaviour === 'serve' && request.url === '/v1/traces';
    if (isServed) state.spans.push(...spansIn(body));
    const status = isServed ? 200 : state.behaviour === 'serve' ? 404 : state.behaviour;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end('{}');
  };
  const server = createServer((request, response) => {
    take(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(state, {
    url: `http://127.0.0.1:${portOf(server)}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

function spansIn(body: string): CollectedSpan[] {
  return requestSchema
    .parse(JSON.parse(body))
    .resourceSpans.flatMap(({ resource, scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) =>
        spans.map((span) => ({ ...span, service: resource.attributes['service.name'] })),
      ),
    );
}
