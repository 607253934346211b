/**
 * Reads Apollo's multipart protocol for subscriptions, 1.0, as its specification and RFC 2046 have it, in whatever pieces it
 * comes: parts of JSON between delimiters; `{}` is a heartbeat, `{"payload":…}` a result, and with `errors` beside it the
 * end by a failure. A stream that breaks off before the closing delimiter is broken.
 */
export type MultipartReader = {
  /** Takes a piece; gives what is whole by now. */
  read(piece: string): readonly MultipartEvent[];
  readonly isClosed: boolean;
};

export type MultipartEvent =
  | { readonly kind: 'heartbeat' }
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'failure'; readonly errors: unknown };

/** @throws Error if the answer is not of this protocol */
export function multipartReader(contentType: string): MultipartReader {
  const [type = '', ...parameters] = contentType.split(';').map((part) => part.trim());
  const valueOf = (name: string): string | undefined =>
    parameters
      .map((parameter) => /^([^=]+)="?([^"]*)"?$/.exec(parameter))
      .find((match) => match?.[1]?.toLowerCase() === name)?.[2];
  const boundary = valueOf('boundary');
  if (type !== 'multipart/mixed' || valueOf('subscriptionspec') !== '1.0' || !boundary) {
    throw new Error(`not of this protocol: ${contentType}`);
  }
  const delimiter = `\r\n--${boundary}`;
  // A delimiter may come first, without the line break that parts it from what is before it.
  let text = '';
  let isPreamble = true;
  let isClosed = false;
  return {
    get isClosed() {
      return isClosed;
    },
    read(piece) {
      if (isClosed && piece.trim() !== '') throw new Error(`behind the end: ${piece}`);
      text += piece;
      const events: MultipartEvent[] = [];
      if (isPreamble && text.startsWith(delimiter.slice(2))) text = `\r\n${text}`;
      for (let at = text.indexOf(delimiter); at >= 0; at = text.indexOf(delimiter)) {
        const behind = text.slice(at + delimiter.length);
        // Whether it is the closing one shows only with what follows.
        if (behind.length < 2) break;
        const part = text.slice(0, at);
        if (!isPreamble) events.push(eventIn(part));
        isPreamble = false;
        isClosed = behind.startsWith('--');
        text = behind;
        if (isClosed) break;
      }
      return events;
    },
  };
}

function eventIn(part: string): MultipartEvent {
  const [head = '', ...body] = part.split('\r\n\r\n');
  const headers = head.split('\r\n').filter((line) => line !== '');
  if (!headers.some((line) => /^content-type:\s*application\/json\b/i.test(line))) {
    throw new Error(`a part that is not of JSON: ${part}`);
  }
  const json = JSON.parse(body.join('\r\n\r\n')) as Record<string, unknown>;
  const names = Object.keys(json);
  if (names.length === 0) return { kind: 'heartbeat' };
  if (names.some((name) => name !== 'payload' && name !== 'errors')) {
    throw new Error(`a part with other members: ${part}`);
  }
  if ('errors' in json) return { kind: 'failure', errors: json['errors'] };
  return { kind: 'result', result: json['payload'] };
}
