/** What this service counts besides what every service does. */
import { Counter } from 'prom-client';
import type { Metrics } from '@ordergraph/platform/telemetry.ts';

export type SendingMetrics = ReturnType<typeof createSendingMetrics>;

export function createSendingMetrics(metrics: Metrics) {
  return {
    mails: new Counter({
      name: 'ordergraph_mails_total',
      help: 'Tries of sending a mail, by what became of the notification',
      labelNames: ['outcome'] as const,
      registers: [metrics.registry],
    }),
  };
}
