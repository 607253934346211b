/** Each cell of the table in live-stream.ts. */
import { getOperationAST, parse, type GraphQLFormattedError } from 'graphql';
import { expect, test } from 'vitest';
import { anonymousCaller } from '../identity.ts';
import { traceFrom } from '../trace.ts';
import {
  LiveStream,
  type StreamHost,
  type StreamLimits,
  type StreamRequest,
} from './live-stream.ts';
import { StreamedResult } from './result-stream.ts';
import { StreamEvent } from './stream-event.ts';

const document = parse('subscription { ticks }');
const node = getOperationAST(document);
if (!node) throw new Error('the document has an operation');
const request: StreamRequest = {
  operation: {
    name: undefined,
    type: 'subscription',
    document,
    node,
    stream: undefined,
    plan: { kind: 'QueryPlan' },
  },
  variables: {},
  context: {
    caller: anonymousCaller,
    trace: traceFrom(undefined),
    deadlineMs: Infinity,
    signal: undefined,
  },
  transport: 'sse',
};

/** A stream, with what happened to it in order; results are ready when `ready` names them. */
function streamUnderTest(limits: Partial<StreamLimits> = {}) {
  const log: string[] = [];
  const working = new Map<string, PromiseWithResolvers<StreamedResult>>();
  const sink = { hasRoom: true };
  const host: StreamHost = {
    limits: { eventsMax: 3, charactersMax: 1_000, underWayMax: 2, ...limits },
    evaluate(event) {
      const name = event.cursor ?? '';
      log.push(`work on ${name}`);
      const result = Promise.withResolvers<StreamedResult>();
      working.set(name, result);
      return result.promise;
    },
    ended: () => log.push('ended'),
    closed: (_stream, how) => log.push(`closed ${typeof how === 'string' ? how : codes(how)}`),
    given: () => undefined,
    dropped: (events) => log.push(`dropped ${events}`),
    bug: (error) => log.push(String(error)),
  };
  const stream = new LiveStream(request, host);
  stream.source = { position: 'p9', leave: () => log.push('left the source') };
  const result = (name: string) =>
    new StreamedResult({ data: `{"ticks":"${name}"}`, errors: [] }, name);
  return {
    log,
    stream,
    sink,
    start: () =>
      stream.start({
        next({ cursor }) {
          log.push(`given ${cursor}`);
          return sink.hasRoom;
        },
        complete: () => log.push('told complete'),
        failed: (errors) => log.push(`told ${codes(errors)} behind ${cursorOf(errors)}`),
      }),
    push: (...names: readonly string[]) => {
      for (const name of names) stream.push(eventOf(name));
    },
    ready: async (...names: readonly string[]) => {
      for (const name of names) working.get(name)?.resolve(result(name));
      await Promise.resolve();
    },
    fails: async (name: string) => {
      working.get(name)?.reject(new Error(`bug at ${name}`));
      await Promise.resolve();
      await Promise.resolve();
    },
    /** What happened since it was asked last. */
    news: () => log.splice(0),
  };
}

function eventOf(name: string): StreamEvent {
  const message = JSON.stringify({ payload: { data: { ticks: name } } });
  return new StreamEvent(message, undefined, { cursor: name, isShared: false });
}

function codes(errors: readonly GraphQLFormattedError[] | undefined): string {
  return errors?.map(({ extensions }) => extensions?.['code']).join() ?? 'complete';
}

function cursorOf(errors: readonly GraphQLFormattedError[]): string {
  return String(errors[0]?.extensions?.['cursor']);
}

const away: GraphQLFormattedError = {
  message: 'away',
  extensions: { code: 'SERVICE_UNAVAILABLE' },
};
const expired: GraphQLFormattedError = {
  message: 'expired',
  extensions: { code: 'TOKEN_EXPIRED' },
};

test('unread: events wait, and are worked on when somebody begins to read', async () => {
  const { push, news, start, ready } = streamUnderTest();
  push('1', '2');
  expect(news()).toEqual([]);
  start();
  expect(news()).toEqual(['work on 1', 'work on 2']);
  await ready('1', '2');
  expect(news()).toEqual(['given 1', 'given 2']);
});

test('unread: the end of the source is told when somebody begins to read, behind what waits', async () => {
  const { push, news, start, ready, stream } = streamUnderTest();
  push('1');
  stream.finish([away]);
  expect(news()).toEqual(['left the source', 'ended']);
  start();
  await ready('1');
  expect(news()).toEqual([
    'work on 1',
    'given 1',
    'closed SERVICE_UNAVAILABLE',
    'told SERVICE_UNAVAILABLE behind 1',
  ]);
});

test('unread: a cut is told when somebody begins to read, and what waits is dropped', () => {
  const { push, news, start, stream } = streamUnderTest();
  push('1', '2');
  stream.cutOff(expired);
  start();
  expect(news()).toEqual([
    'dropped 2',
    'left the source',
    'ended',
    'closed TOKEN_EXPIRED',
    'told TOKEN_EXPIRED behind undefined',
  ]);
});

test('unread: a reader that leaves before it reads is told nothing', () => {
  const { push, news, start, stream } = streamUnderTest();
  push('1');
  stream.stop();
  start();
  push('2');
  expect(news()).toEqual(['left the source', 'ended', 'closed left']);
});

test('reading: results are given in the order of their events, however long each takes', async () => {
  const { push, news, start, ready } = streamUnderTest({ underWayMax: 3 });
  start();
  push('1', '2', '3');
  await ready('3');
  await ready('2');
  expect(news()).toEqual(['work on 1', 'work on 2', 'work on 3']);
  await ready('1');
  expect(news()).toEqual(['given 1', 'given 2', 'given 3']);
});

test('reading: no more than a few events are worked on at once', async () => {
  const { push, news, start, ready } = streamUnderTest();
  start();
  push('1', '2', '3', '4');
  expect(news()).toEqual(['work on 1', 'work on 2']);
  await ready('2');
  expect(news()).toEqual([]);
  await ready('1');
  expect(news()).toEqual(['given 1', 'given 2', 'work on 3', 'work on 4']);
});

test('reading: the source’s completion is told behind what is under way', async () => {
  const { push, news, start, ready, stream } = streamUnderTest();
  start();
  push('1');
  stream.finish();
  push('2');
  expect(news()).toEqual(['work on 1', 'left the source', 'ended']);
  await ready('1');
  expect(news()).toEqual(['given 1', 'closed complete', 'told complete']);
});

test('reading: a cut is told at once, with the last cursor given, and nothing comes after it', async () => {
  const { push, news, start, ready, stream } = streamUnderTest();
  start();
  push('1', '2');
  await ready('1');
  news();
  stream.cutOff(expired);
  expect(news()).toEqual([
    'dropped 1',
    'left the source',
    'ended',
    'closed TOKEN_EXPIRED',
    'told TOKEN_EXPIRED behind 1',
  ]);
  await ready('2');
  push('3');
  stream.finish();
  stream.cutOff(away);
  stream.stop();
  expect(news()).toEqual([]);
});

test('reading: a reader that leaves is told nothing more', async () => {
  const { push, news, start, ready, stream } = streamUnderTest();
  start();
  push('1');
  stream.stop();
  await ready('1');
  expect(news()).toEqual(['work on 1', 'left the source', 'ended', 'closed left']);
});

test('reading: an event that cannot be worked on by a bug ends the stream, masked', async () => {
  const { push, news, start, fails, ready } = streamUnderTest();
  start();
  push('1', '2');
  await ready('1');
  news();
  await fails('2');
  expect(news()).toEqual([
    'Error: bug at 2',
    'dropped 1',
    'left the source',
    'ended',
    'closed INTERNAL_SERVER_ERROR',
    'told INTERNAL_SERVER_ERROR behind 1',
  ]);
});

test('blocked: events wait and cost no work until the sink is free again', async () => {
  const { push, news, start, ready, sink, stream } = streamUnderTest();
  start();
  sink.hasRoom = false;
  push('1', '2');
  await ready('1', '2');
  push('3', '4');
  expect(news()).toEqual(['work on 1', 'work on 2', 'given 1']);
  sink.hasRoom = true;
  stream.resume();
  expect(news()).toEqual(['given 2', 'work on 3', 'work on 4']);
});

test('blocked: more events than may wait cut the stream off behind the last one given', async () => {
  const { push, news, start, ready, sink } = streamUnderTest();
  start();
  sink.hasRoom = false;
  push('1');
  await ready('1');
  push('2', '3', '4');
  news();
  push('5');
  expect(news()).toEqual([
    'dropped 3',
    'left the source',
    'ended',
    'closed SLOW_CONSUMER',
    'told SLOW_CONSUMER behind 1',
  ]);
});

test('blocked: longer events than may wait cut it off too, but one may wait whatever its length', async () => {
  const { push, news, start, ready, sink } = streamUnderTest({ charactersMax: 10 });
  start();
  sink.hasRoom = false;
  push('1');
  await ready('1');
  push('2');
  expect(news()).toEqual(['work on 1', 'given 1']);
  push('3');
  expect(news()).toContain('told SLOW_CONSUMER behind 1');
});

test('blocked: the end of the source waits behind what waits', async () => {
  const { push, news, start, ready, sink, stream } = streamUnderTest();
  start();
  sink.hasRoom = false;
  push('1');
  await ready('1');
  push('2');
  stream.finish([away]);
  expect(news()).toEqual(['work on 1', 'given 1', 'left the source', 'ended']);
  sink.hasRoom = true;
  stream.resume();
  await ready('2');
  expect(news()).toEqual([
    'work on 2',
    'given 2',
    'closed SERVICE_UNAVAILABLE',
    'told SERVICE_UNAVAILABLE behind 2',
  ]);
});

test('blocked: a reader that leaves is told nothing more', async () => {
  const { push, news, start, ready, sink, stream } = streamUnderTest();
  start();
  sink.hasRoom = false;
  push('1', '2');
  await ready('1', '2');
  news();
  stream.stop();
  stream.resume();
  expect(news()).toEqual(['left the source', 'ended', 'closed left']);
});

test('ending: a cut takes the place of the end that waits', async () => {
  const { push, news, start, ready, sink, stream } = streamUnderTest();
  start();
  sink.hasRoom = false;
  push('1');
  await ready('1');
  push('2');
  stream.finish();
  news();
  stream.cutOff(expired);
  expect(news()).toEqual(['dropped 1', 'closed TOKEN_EXPIRED', 'told TOKEN_EXPIRED behind 1']);
});

test('ending: a reader that leaves is not told the end', async () => {
  const { push, news, start, ready, stream } = streamUnderTest();
  start();
  push('1');
  stream.finish();
  news();
  stream.stop();
  await ready('1');
  expect(news()).toEqual(['closed left']);
});

test('a sink that leaves while it takes a result gets no other', async () => {
  const { news, push, ready, stream, log } = streamUnderTest();
  stream.start({
    next({ cursor }) {
      log.push(`given ${cursor}`);
      stream.stop();
      return true;
    },
    complete: () => log.push('told complete'),
    failed: () => log.push('told'),
  });
  push('1', '2');
  await ready('2', '1');
  expect(news()).toEqual([
    'work on 1',
    'work on 2',
    'given 1',
    'left the source',
    'ended',
    'closed left',
  ]);
});

test('another source begins behind what is worked on, and brings again what waited', async () => {
  const { push, news, start, ready, stream } = streamUnderTest({ underWayMax: 2 });
  start();
  push('1', '2', '3', '4');
  expect(stream.leaveSource()).toBe('2');
  stream.source = { position: '2', leave: () => undefined };
  push('3');
  await ready('2');
  await ready('1');
  await ready('3');
  expect(news()).toEqual([
    'work on 1',
    'work on 2',
    'left the source',
    'given 1',
    'given 2',
    'work on 3',
    'given 3',
  ]);
});

test('another source begins where the stream stands if nothing waits or is worked on', async () => {
  const { push, start, ready, stream } = streamUnderTest();
  expect(stream.leaveSource()).toBe('p9');
  start();
  push('1');
  await ready('1');
  stream.source = { position: '1', leave: () => undefined };
  expect(stream.leaveSource()).toBe('1');
});

test('another source begins where the stream began if it was given nothing and everything waits', () => {
  const { push, stream } = streamUnderTest();
  stream.request = { ...stream.request, after: 'p7' };
  push('1', '2');
  expect(stream.leaveSource()).toBe('p7');
});
