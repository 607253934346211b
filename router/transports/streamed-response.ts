/**
 * Writes a stream into an HTTP response that stays open, at the reader's pace: the next event is asked for only when
 * the last one has left. A connection that takes nothing for a while is given up.
 */
import type { ServerResponse } from 'node:http';
import type { GraphQLFormattedError } from 'graphql';
import { StreamFailed } from '../event-stream.ts';
import type { ResultStream, StreamedResult } from '../subscriptions.ts';

/** How a protocol writes what happens; each gives the whole text. */
export type StreamFormat = {
  readonly headers: Readonly<Record<string, string>>;
  readonly opening: string;
  readonly heartbeat: string;
  event(event: StreamedResult): string;
  failed(errors: readonly GraphQLFormattedError[]): string;
  readonly closing: string;
};

const stallMaxMs = 30_000;

/** Resolves when the response has ended, one way or the other. */
export async function writeStream(
  response: ServerResponse,
  stream: ResultStream,
  options: {
    readonly format: StreamFormat;
    readonly heartbeatMs: number;
    readonly onFault: (error: unknown) => void;
  },
): Promise<void> {
  const { format, heartbeatMs, onFault } = options;
  const left = () => void stream.return();
  response.on('close', left);
  response.on('error', left);
  response.writeHead(200, format.headers);
  let idle = true;
  const heartbeat = setInterval(() => {
    if (idle && !response.writableNeedDrain) response.write(format.heartbeat);
    idle = true;
  }, heartbeatMs);
  try {
    if (format.opening !== '') await flushed(response, format.opening);
    for (let step = await stream.next(); !step.done; step = await stream.next()) {
      idle = false;
      await flushed(response, format.event(step.value));
    }
    response.end(format.closing);
  } catch (error) {
    if (!(error instanceof StreamFailed)) onFault(error);
    const errors =
      error instanceof StreamFailed
        ? error.errors
        : [{ message: 'internal', extensions: { code: 'INTERNAL_SERVER_ERROR' } }];
    response.end(format.failed(errors) + format.closing);
  } finally {
    clearInterval(heartbeat);
    await stream.return();
  }
}

/** Resolves when the text has been taken off our hands; destroys a response that takes nothing. */
function flushed(response: ServerResponse, text: string): Promise<void> {
  if (response.destroyed || response.write(text)) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => response.destroy(), stallMaxMs);
    const done = () => {
      clearTimeout(timer);
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
