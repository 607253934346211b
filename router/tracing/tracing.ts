/**
 * The router's traces, for a collector that speaks OTLP. Everything hangs on the span of an operation:
 *
 *   query Name (server)            begin → end, on every transport
 *   ├ plan                         only if it had to be planned
 *   ├ fetch order (client)         each call to a subgraph; its id goes down in `traceparent`
 *   └ subscribe order (client)     until a subscription has been sent
 *   stream event                   a trace of its own for each event of a stream, with a link to its operation
 *   └ fetch payment (client)
 *   stream end                     likewise, once
 *
 * A stream lives for hours, a trace should not: hence the links. Spans have types, names, public codes and numbers; never
 * who asks, from where, with which variables, or the text of a document, in which there may be values.
 *
 * `tracestate` is dropped: it would bring texts of strangers to subgraphs and collector, and we have nothing to say in it.
 */
import { SpanKind, TraceFlags, ROOT_CONTEXT } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { withinTime } from '../partners/within-time.ts';
import type { Transport } from '../request.ts';
import type { Trace } from '../trace.ts';
import { OperationNames } from './operation-names.ts';
import { contextOf, RecordedSpan } from './recorded-span.ts';
import { Sampling } from './sampling.ts';
import { SpanExport, type SpanFate } from './span-export.ts';
import type { TracingConfig } from './tracing-variables.ts';

export type FinishedOperation = {
  readonly type: string;
  readonly operationName: string | undefined;
  readonly outcome: string;
  readonly cost: number | undefined;
};

export type Tracing = {
  /** Begins the span of an operation, if its trace is to be recorded. Gives the trace to go on with. */
  begin(trace: Trace, transport: Transport): Trace;
  /** Ends what `begin` has begun. */
  end(trace: Trace, finished: FinishedOperation): void;
  /** Sends what is left, as far as that takes no longer than a moment. */
  close(): Promise<void>;
};

/** How long stopping waits for the collector, in milliseconds. */
const closingMaxMs = 2_000;
const nameLengthMax = 128;
/** Batches on their way at once. */
const batchesMax = 4;

/** Undefined where there is no collector: then nothing is made for traces at all. */
export function openTracing(
  config: TracingConfig,
  logger: Logger,
  observe: (fate: SpanFate, spans: number) => void,
): Tracing | undefined {
  const url = collectorUrl(config);
  if (url === undefined) return undefined;
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': config.OTEL_SERVICE_NAME }),
    // Whether a trace is recorded is decided before there is any span of it.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [
      new SpanExport({
        exporter: exporterTo(url, config),
        spansMax: config.OTEL_BSP_MAX_QUEUE_SIZE,
        delayMs: config.OTEL_BSP_SCHEDULE_DELAY,
        timeoutMs: config.OTEL_EXPORTER_OTLP_TIMEOUT,
        observe: watchedBy(logger, observe),
      }),
    ],
  });
  const tracer = provider.getTracer('ordergraph-router');
  const names = new OperationNames();
  const sampling = new Sampling({
    ratio: config.OTEL_TRACES_SAMPLER_ARG,
    callersPerSecond: config.CALLER_TRACES_PER_SECOND,
  });

  return {
    begin(trace, transport) {
      if (!sampling.records(trace, Date.now(), Math.random())) return { ...trace, flags: '00' };
      const options = { kind: SpanKind.SERVER, attributes: { 'router.transport': transport } };
      const span = tracer.startSpan(names.spanName('unknown', undefined), options, parentOf(trace));
      return new RecordedSpan(tracer, span).trace;
    },
    end({ span }, { type, operationName, outcome, cost }) {
      if (!(span instanceof RecordedSpan)) return;
      span.rename(names.spanName(type, operationName));
      span.annotate({
        ...(type === 'unknown' ? {} : { 'graphql.operation.type': type }),
        ...(operationName === undefined
          ? {}
          : { 'graphql.operation.name': operationName.slice(0, nameLengthMax) }),
        ...(cost === undefined ? {} : { 'router.cost': cost }),
      });
      span.end(outcome);
    },
    async close() {
      // Whatever does not get through now is lost; that was logged and counted, if the collector gave an answer.
      await withinTime(provider.shutdown(), closingMaxMs).catch(() => undefined);
    },
  };
}

/** What is not given here (compression, certificates) the exporter takes from the process's environment by itself. */
function exporterTo(url: string, config: TracingConfig): OTLPTraceExporter {
  return new OTLPTraceExporter({
    url,
    headers: config.OTEL_EXPORTER_OTLP_HEADERS,
    timeoutMillis: config.OTEL_EXPORTER_OTLP_TIMEOUT,
    concurrencyLimit: batchesMax,
    httpAgentOptions: { keepAlive: true },
  });
}

function collectorUrl(config: TracingConfig): string | undefined {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: whole, OTEL_EXPORTER_OTLP_ENDPOINT: base } = config;
  return whole ?? (base && `${base.replace(/\/+$/, '')}/v1/traces`);
}

/** A new trace gets its id together with its first span. */
function parentOf({ traceId, callerSpanId }: Trace) {
  if (callerSpanId === undefined) return ROOT_CONTEXT;
  const traceFlags = TraceFlags.SAMPLED;
  return contextOf({ traceId, spanId: callerSpanId, traceFlags, isRemote: true });
}

/** Tells the log once that spans are lost, until some are taken again: a collector may be away for a night. */
function watchedBy(
  logger: Logger,
  observe: (fate: SpanFate, spans: number) => void,
): (fate: SpanFate, spans: number, error?: Error) => void {
  let isLosing = false;
  return (fate, spans, error) => {
    observe(fate, spans);
    const loses = fate !== 'exported';
    if (loses && !isLosing) logger.warn({ err: error, fate }, 'the collector takes no spans');
    if (!loses && isLosing) logger.info('the collector takes spans again');
    isLosing = loses;
  };
}
