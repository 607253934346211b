/** A span of a trace that is recorded, on OpenTelemetry's own. Contexts are passed by hand: nothing looks for one. */
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace as contexts,
  type Span,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api';
import type { SpanAttributes, SpanBegin, Trace, TraceSpan } from '../trace.ts';

const kinds = {
  internal: SpanKind.INTERNAL,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
} as const;

/** Outcomes that are nobody's failure: the client left before there was an answer. */
const notFailed: ReadonlySet<string> = new Set(['ok', 'abandoned', 'left']);

export class RecordedSpan implements TraceSpan {
  readonly id: string;
  readonly trace: Trace;
  readonly #tracer: Tracer;
  readonly #span: Span;

  constructor(tracer: Tracer, span: Span) {
    const { traceId, spanId } = span.spanContext();
    this.#tracer = tracer;
    this.#span = span;
    this.id = spanId;
    this.trace = { traceId, flags: '01', span: this };
  }

  child({ name, kind, attributes = {} }: SpanBegin): TraceSpan {
    const options = { kind: kinds[kind], attributes };
    const parent = contextOf(this.#span.spanContext());
    return new RecordedSpan(this.#tracer, this.#tracer.startSpan(name, options, parent));
  }

  successor({ name, kind, attributes = {} }: SpanBegin): TraceSpan {
    const links = [{ context: this.#span.spanContext() }];
    const options = { kind: kinds[kind], attributes, links, root: true };
    return new RecordedSpan(this.#tracer, this.#tracer.startSpan(name, options, ROOT_CONTEXT));
  }

  annotate(attributes: SpanAttributes): void {
    this.#span.setAttributes(attributes);
  }

  rename(name: string): void {
    this.#span.updateName(name);
  }

  end(outcome: string): void {
    this.#span.setAttribute('router.outcome', outcome);
    if (!notFailed.has(outcome)) {
      this.#span.setAttribute('error.type', outcome);
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message: outcome });
    }
    this.#span.end();
  }
}

export function contextOf(span: SpanContext) {
  return contexts.setSpanContext(ROOT_CONTEXT, span);
}
