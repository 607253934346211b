/** What the router tells about itself. Every label has a bounded set of values, and nothing names a person. */
import type { Logger } from '@ordergraph/platform/logger.ts';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { GraphQLFormattedError, OperationTypeNode } from 'graphql';
import { codeOf } from './errors.ts';
import { createPlanMetrics } from './plan-metrics.ts';
import type { PlanObserver } from './planning/observed-planning.ts';
import { createCacheMetrics, type CacheMetrics } from './cache/cache-metrics.ts';
import type { CallerKind } from './rate-limit/plans.ts';
import type { Transport } from './request.ts';
import {
  createResilienceMetrics,
  type ResilienceMetrics,
} from './resilience/resilience-metrics.ts';
import type { Trace } from './trace.ts';
import type { SpanFate } from './tracing/span-export.ts';

export type FinishedRequest = {
  readonly transport: Transport;
  /** Undefined where nothing of the request could be read. */
  readonly trace: Trace | undefined;
  readonly type: `${OperationTypeNode}` | 'unknown';
  readonly operationName: string | undefined;
  /** The partner's name, and what the client calls itself; may be empty. */
  readonly partner: string | undefined;
  readonly client: string;
  /** `ok`, or the code of the first error. */
  readonly outcome: string;
  /** All that the client was told. */
  readonly errors: readonly GraphQLFormattedError[];
  /** Of the HTTP answer. */
  readonly status?: number;
  /** In cost units; undefined if it was refused before that was known. */
  readonly cost: number | undefined;
  readonly seconds: number;
};

export type Telemetry = ResilienceMetrics &
  CacheMetrics &
  PlanObserver & {
    /** Counts a request and writes its line into the access log. A stream's request ends when it has begun. */
    request(finished: FinishedRequest): void;
    /**
     * Counts and logs a WebSocket that was not let in, by the HTTP status of the refusal, or that was closed for what its
     * client did, by the code.
     */
    socketRefused(status: number): void;
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
    /** What became of a stream when the supergraph was changed. */
    streamMoved(how: 'stayed' | 'resumed' | 'ended'): void;
    readonly supergraphChanged: (outcome: 'changed' | 'failed') => void;
    /** A query was answered by another one that was under way. */
    readonly readShared: () => void;
    /** Spans of traces, by what became of them. */
    readonly spans: (fate: SpanFate, count: number) => void;
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
  const errorsTold = new Counter({
    name: 'router_errors_total',
    help: 'Answers by the codes of their errors; one that has several errors counts for each of their codes.',
    labelNames: ['code'],
    registers,
  });
  const sockets = new Counter({
    name: 'router_sockets_refused_total',
    help: 'WebSockets not let in, by HTTP status, or closed for what their client did, by close code.',
    labelNames: ['status'],
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
  const moved = new Counter({
    name: 'router_streams_moved_total',
    help: 'Subscriptions at a change of the supergraph, by what became of them.',
    labelNames: ['how'],
    registers,
  });
  const supergraphs = new Counter({
    name: 'router_supergraph_changes_total',
    help: 'Changes of the supergraph while running, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  const sharedReads = new Counter({
    name: 'router_shared_reads_total',
    help: 'Queries answered by an identical one that was under way.',
    registers,
  });
  const spans = new Counter({
    name: 'router_spans_total',
    help: 'Spans of recorded traces, by whether the collector took them.',
    labelNames: ['fate'],
    registers,
  });

  return {
    ...createCacheMetrics(registers),
    ...createResilienceMetrics(registers),
    ...createPlanMetrics(registry),
    request(finished) {
      const { transport, type, outcome, errors, seconds } = finished;
      requests.inc({ transport, type, outcome });
      latency.observe({ type }, seconds);
      if (errors.length > 0) {
        for (const code of new Set(errors.map((error) => codeOf([error]))))
          errorsTold.inc({ code });
      }
      if (logger.isLevelEnabled('info')) logger.info(accessLine(finished), 'operation');
    },
    socketRefused(status) {
      sockets.inc({ status: String(status) });
      logger.info({ transport: 'websocket', status }, 'socket refused');
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
    streamMoved: (how) => moved.inc({ how }),
    supergraphChanged: (outcome) => supergraphs.inc({ outcome }),
    readShared: () => sharedReads.inc(),
    spans: (fate, count) => spans.inc({ fate }, count),
    async exposition() {
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
    close: () => registry.clear(),
  };
}

/** Names and codes; never who it was, from where, or what was asked about. */
function accessLine(finished: FinishedRequest): Record<string, unknown> {
  const { transport, trace, type, operationName, partner, client, outcome } = finished;
  return {
    traceId: trace?.traceId,
    transport,
    type,
    operationName: operationName?.slice(0, 128),
    partner,
    client: client || undefined,
    outcome,
    status: finished.status,
    cost: finished.cost,
    durationMs: Math.round(finished.seconds * 1e6) / 1e3,
  };
}
