/** A service's metrics, in a registry of its own so that services can share a process. Labels are bounded. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics(service: string) {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  const registers = [registry];
  return {
    registry,
    eventsPublished: new Counter({
      name: 'ordergraph_events_published_total',
      help: 'Events the relay has published and seen acknowledged',
      registers,
    }),
    outboxPending: new Gauge({
      name: 'ordergraph_outbox_batch_events',
      help: 'Events the relay found unpublished at its last look',
      registers,
    }),
    streamRecoveries: new Counter({
      name: 'ordergraph_stream_recoveries_total',
      help: 'Times the relay found its stream missing, replaced or rolled back',
      registers,
    }),
    eventsConsumed: new Counter({
      name: 'ordergraph_events_consumed_total',
      help: 'Events whose effects were committed',
      labelNames: ['owner'] as const,
      registers,
    }),
    deadLetters: new Counter({
      name: 'ordergraph_dead_letters_total',
      help: 'Events given up after the last delivery',
      labelNames: ['owner'] as const,
      registers,
    }),
    batchEvents: new Histogram({
      name: 'ordergraph_consumer_batch_events',
      help: 'Events handled in one transaction',
      labelNames: ['owner'] as const,
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
      registers,
    }),
    requests: new Counter({
      name: 'ordergraph_subgraph_requests_total',
      help: 'GraphQL requests by HTTP status',
      labelNames: ['status'] as const,
      registers,
    }),
    liveStreams: new Gauge({
      name: 'ordergraph_live_streams',
      help: 'Subscriptions being served',
      registers,
    }),
  };
}
