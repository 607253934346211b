/** W3C trace context: the caller's trace is continued, or a new one begins. */
export type Trace = { readonly traceId: string; readonly flags: string };

const traceparentForm = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The trace named by a `traceparent` header, or a new one if there is none or it is malformed. */
export function traceFrom(traceparent: string | undefined): Trace {
  const [, traceId, parentId, flags] = traceparentForm.exec(traceparent ?? '') ?? [];
  if (!traceId || !flags || /^0+$/.test(traceId) || /^0+$/.test(parentId ?? '')) {
    return { traceId: randomHex(16), flags: '01' };
  }
  return { traceId, flags };
}

/** A `traceparent` for one call further down, with a span of its own if none is given. */
export function traceparentOf(trace: Trace, spanId = newSpanId()): string {
  return `00-${trace.traceId}-${spanId}-${trace.flags}`;
}

export function newSpanId(): string {
  return randomHex(8);
}

/** Ids of traces tell them apart; nothing is kept secret by them. */
function randomHex(bytes: number): string {
  let text = '';
  while (text.length < bytes * 2) {
    text += Math.floor(Math.random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0');
  }
  return text;
}
