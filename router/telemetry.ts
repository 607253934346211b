/** What the router tells about itself. Every label has a bounded set of values, and nothing names a person. */
import type { Logger } from '@ordergraph/platform/logger.ts';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { OperationTypeNode } from 'graphql';
import { createCacheMetrics, type CacheMetrics } from './cache/cache-metrics.ts';
import type { CallerKind } from './rate-limit/plans.ts';
import type { Transport } from './request.ts';
import type { Trace } from './trace.ts';

export type FinishedRequest = {
  readonly transport: Transport;
  readonly trace: Trace;
  readonly type: `${OperationTypeNode}` | 'unknown';
  readonly operationName: string | undefined;
  /** The partner's name, and what the client calls itself; may be empty. */
  readonly partner: string | undefined;
  readonly client: string;
  /** `ok`, or the code of the first error. */
  readonly outcome: string;
  /** In cost units; undefined if it was refused before that was known. */
  readonly cost: number | undefined;
  readonly seconds: number;
};

export type Telemetry = CacheMetrics & {
  /** Counts a request and writes its line into the access log. A stream's request ends when it has begun. */
  request(finished: FinishedRequest): void;
  readonly throttled: (caller: CallerKind) => void;
  /** Whether the rate limits are those of all routers, and not of this one alone. */
  readonly rateLimitsShared: (shared: boolean) => void;
  readonly subgraphCall: (subgraph: string, outcome: string, seconds: number) => void;
  streamOpened(transport: Transport): void;
  streamEvent(transport: Transport): void;
  /** `outcome` as with requests; `left` when the client went away. */
  streamClosed(transport: Transport, outcome: string): void;
  /** Events that came and will not be given, for a reader too slow for example. */
  streamEventsDropped(count: number): void;
  /** A subscription was taken up again after its subgraph had been away. */
  streamResumed(subgraph: string): void;
  /** In the text format of Prometheus. */
  exposition(): Promise<{ contentType: string; text: string }>;
  close(): void;
};

const latencyBucketsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Metrics of one router, in a registry of its own, so that two can live in one process. */
export function createTelemetry(logger: Logger): Telemetry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'router_requests_total',
    help: 'Operations by type and outcome.',
    labelNames: ['transport', 'type', 'outcome'],
    registers,
  });
  const latency = new Histogram({
    name: 'router_request_duration_seconds',
    help: 'Time from a request read to its answer ready; for subscriptions, to their begin.',
    labelNames: ['type'],
    buckets: latencyBucketsSeconds,
    registers,
  });
  const subgraphs = new Histogram({
    name: 'router_subgraph_duration_seconds',
    help: 'Time of one call to a subgraph.',
    labelNames: ['subgraph', 'outcome'],
    buckets: latencyBucketsSeconds,
    registers,
  });
  const throttled = new Counter({
    name: 'router_throttled_total',
    help: 'Requests and streams refused because their caller had spent too much.',
    labelNames: ['caller'],
    registers,
  });
  const shared = new Gauge({
    name: 'router_rate_limits_shared',
    help: '1 while rate limits are shared with other routers, 0 while Redis is away.',
    registers,
  });
  const streams = new Gauge({
    name: 'router_streams_active',
    help: 'Subscriptions being served.',
    labelNames: ['transport'],
    registers,
  });
  const events = new Counter({
    name: 'router_stream_events_total',
    help: 'Events given to clients.',
    labelNames: ['transport'],
    registers,
  });
  const streamsEnded = new Counter({
    name: 'router_streams_ended_total',
    help: 'Subscriptions that ended, by the way they did.',
    labelNames: ['transport', 'outcome'],
    registers,
  });
  const eventsDropped = new Counter({
    name: 'router_stream_events_dropped_total',
    help: 'Events that came and were not given to a client, which was told so.',
    registers,
  });
  const resumed = new Counter({
    name: 'router_streams_resumed_total',
    help: 'Subscriptions taken up again at a subgraph behind their last cursor.',
    labelNames: ['subgraph'],
    registers,
  });

  return {
    ...createCacheMetrics(registers),
    request({ transport, trace, type, operationName, partner, client, outcome, cost, seconds }) {
      requests.inc({ transport, type, outcome });
      latency.observe({ type }, seconds);
      logger.info(
        {
          traceId: trace.traceId,
          transport,
          type,
          operationName: operationName?.slice(0, 128),
          partner,
          client: client || undefined,
          outcome,
          cost,
          durationMs: Math.round(seconds * 1e6) / 1e3,
        },
        'operation',
      );
    },
    throttled: (caller) => throttled.inc({ caller }),
    rateLimitsShared: (isShared) => shared.set(isShared ? 1 : 0),
    subgraphCall: (subgraph, outcome, seconds) => subgraphs.observe({ subgraph, outcome }, seconds),
    streamOpened: (transport) => streams.inc({ transport }),
    streamEvent: (transport) => events.inc({ transport }),
    streamClosed(transport, outcome) {
      streams.dec({ transport });
      streamsEnded.inc({ transport, outcome });
    },
    streamEventsDropped: (count) => eventsDropped.inc(count),
    streamResumed: (subgraph) => resumed.inc({ subgraph }),
    async exposition() {
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
    close: () => registry.clear(),
  };
}
