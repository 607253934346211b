import { expect, test } from 'vitest';
import { StreamedResult, type ResultStream, type StreamSink } from '../streams/result-stream.ts';
import { revocable } from './revocable-stream.ts';

const partner = { id: 'p', name: 'acme', plan: 'x', scopes: [], activeVersion: 1, keyPrefix: 'k' };
const result = (cursor?: string) => new StreamedResult({ data: '1', errors: [] }, cursor);

/** A stream, a reader of it, and a key, with all that happened to them. */
function scene() {
  const happened: unknown[] = [];
  let sink: StreamSink | undefined;
  const listeners = new Set<() => void>();
  const inner: ResultStream = {
    start: (given) => {
      sink = given;
    },
    resume: () => happened.push('resumed'),
    stop: () => happened.push('stopped'),
  };
  const directory = {
    onEnd: (_access: unknown, listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const stream = revocable(inner, directory, partner);
  stream.start({
    next: ({ cursor }) => happened.push(cursor) > 0,
    complete: () => happened.push('complete'),
    failed: (errors) => happened.push(errors),
  });
  const source = sink ?? { next: () => true, complete: () => undefined, failed: () => undefined };
  const revoke = (): void => listeners.forEach((listener) => listener());
  return { stream, source, happened, listeners, revoke };
}

test('a revoked key ends the stream with a code and the last cursor', () => {
  const { source, happened, revoke, stream } = scene();
  source.next(result('c1'));
  source.next(result());
  revoke();
  stream.stop();
  revoke();
  const error = expect.objectContaining({ extensions: { code: 'UNAUTHENTICATED', cursor: 'c1' } });
  expect(happened.slice(0, 4)).toEqual(['c1', undefined, 'stopped', [error]]);
  expect(happened.filter((one) => Array.isArray(one))).toHaveLength(1);
});

test.each([
  ['completes', ({ source }: ReturnType<typeof scene>) => source.complete(), ['complete']],
  ['fails', ({ source }: ReturnType<typeof scene>) => source.failed([]), [[]]],
  ['is left', ({ stream }: ReturnType<typeof scene>) => stream.stop(), ['stopped']],
])('a stream that %s listens no more to its key', (_how, end, happened) => {
  const all = scene();
  end(all);
  expect(all.listeners.size).toBe(0);
  all.revoke();
  expect(all.happened).toEqual(happened);
});

test('what the reader wants is passed on', () => {
  const { stream, happened } = scene();
  stream.resume();
  expect(happened).toEqual(['resumed']);
});
