/** W3C trace context: the caller's trace is continued, or a new one begins. What is recorded of it, `tracing/` says. */
import { randomUUID } from 'node:crypto';

export type Trace = {
  readonly traceId: string;
  /** Two hexadecimal digits; the last bit says whether the trace is recorded. */
  readonly flags: string;
  /** The caller's span, if the trace is the caller's. */
  readonly callerSpanId?: string | undefined;
  /** Our own span, below which all is that comes from here on; undefined where nothing is recorded. */
  readonly span?: TraceSpan | undefined;
};

/** Values with few forms, or numbers. Never a text from a caller's document or variables, or who the caller is. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export type SpanBegin = {
  readonly name: string;
  readonly kind: 'internal' | 'client' | 'consumer';
  readonly attributes?: SpanAttributes;
};

/** Something that takes time, as the collector of traces is told of it: once, when it has ended. */
export type TraceSpan = {
  readonly id: string;
  /** The trace as it goes on from this span. */
  readonly trace: Trace;
  child(begin: SpanBegin): TraceSpan;
  /** Begins a trace of its own, which points to this span. */
  successor(begin: SpanBegin): TraceSpan;
  annotate(attributes: SpanAttributes): void;
  /** @param outcome `ok`, or a public code */
  end(outcome: string): void;
};

/** Of later versions only the fields that this one has are read, as the specification asks. */
const traceparentForm =
  /^(?:00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})|(?!00|ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?)$/;

/** The trace named by a `traceparent` header, or a new one if there is none or it is malformed. */
export function traceFrom(traceparent: string | undefined): Trace {
  const [traceId, callerSpanId, flags] = (traceparentForm.exec(traceparent ?? '') ?? [])
    .slice(1)
    .filter((field) => field !== undefined);
  if (!traceId || !callerSpanId || !flags || /^0+$/.test(traceId) || /^0+$/.test(callerSpanId)) {
    return { traceId: newTraceId(), flags: '01' };
  }
  return { traceId, flags, callerSpanId };
}

/** Whether somebody records the trace, as far as its flags say. */
export function isSampled({ flags }: Trace): boolean {
  return (Number.parseInt(flags, 16) & 1) === 1;
}

/** A `traceparent` for one call further down: of our own span, or of one that nobody records. */
export function traceparentOf(trace: Trace, spanId = trace.span?.id ?? newSpanId()): string {
  return `00-${trace.traceId}-${spanId}-${trace.flags}`;
}

/** Made of a UUID, of which Node makes many at once: a third of what digits of `Math.random()` take. */
export function newSpanId(): string {
  const uuid = randomUUID();
  return uuid.slice(0, 8) + uuid.slice(24, 32);
}

function newTraceId(): string {
  return randomUUID().replaceAll('-', '');
}
