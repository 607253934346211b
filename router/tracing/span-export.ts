/**
 * The way of finished spans to the collector: they wait for a while, and go in batches, behind the requests that they tell
 * of. What waits or is on its way is bounded in number; while the collector is away or hangs, and all places are taken,
 * spans are dropped. Each is counted once, as `exported`, `failed` or `dropped`.
 */
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import type { ReadableSpan, Span, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';

export type SpanFate = 'exported' | 'failed' | 'dropped';

export type SpanExportOptions = {
  readonly exporter: SpanExporter;
  /** Spans that wait or are on their way. */
  readonly spansMax: number;
  readonly delayMs: number;
  /** For one batch. */
  readonly timeoutMs: number;
  /** Told what became of spans, and why if they were not exported by a fault. */
  readonly observe: (fate: SpanFate, spans: number, error?: Error) => void;
};

type Exported = Parameters<Parameters<SpanExporter['export']>[1]>[0];

const batchMax = 512;
/** The exporter ends a batch by itself at its time; this is for one that a collector keeps busy beyond that. */
const graceMs = 1_000;

export class SpanExport implements SpanProcessor {
  readonly #options: SpanExportOptions;
  readonly #batches: BatchSpanProcessor;
  #pending = 0;

  constructor(options: SpanExportOptions) {
    const { exporter, spansMax, delayMs, timeoutMs } = options;
    this.#options = options;
    this.#batches = new BatchSpanProcessor({
      exporter: {
        export: (spans, done) => this.#send(spans, done),
        shutdown: () => exporter.shutdown(),
      },
      maxQueueSize: spansMax,
      maxExportBatchSize: Math.min(batchMax, spansMax),
      scheduledDelayMillis: delayMs,
      // Not before the exporter has told what became of the batch.
      exportTimeoutMillis: timeoutMs + 2 * graceMs,
    });
  }

  onStart(_span: Span): void {
    // Nothing is told of a span before it has ended.
  }

  onEnd(span: ReadableSpan): void {
    if (this.#pending >= this.#options.spansMax) return this.#options.observe('dropped', 1);
    this.#pending += 1;
    this.#batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown();
  }

  #send(spans: ReadableSpan[], done: (result: Exported) => void): void {
    let isOver = false;
    const finish = (result: Exported): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(late);
      this.#pending -= spans.length;
      // A failure has an error, whatever it was; a success has none.
      const fate = result.error ? 'failed' : 'exported';
      this.#options.observe(fate, spans.length, result.error);
      done(result);
    };
    const late = setTimeout(
      () => finish({ code: failed, error: new Error('the collector did not answer in time') }),
      this.#options.timeoutMs + graceMs,
    );
    late.unref();
    this.#options.exporter.export(spans, finish);
  }
}

/** `ExportResultCode.FAILED`, which is in a package of which nothing else is needed. */
const failed = 1;
