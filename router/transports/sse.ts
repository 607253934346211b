/**
 * GraphQL over server-sent events, distinct connections: `next` per result, `complete` at the end. An event with a
 * cursor carries it as its id, so that a browser that connects again asks for what follows by `Last-Event-ID`.
 */
import type { GraphQLFormattedError } from 'graphql';
import { resultText } from '../result.ts';
import type { StreamFormat } from './streamed-response.ts';

export const sseFormat: StreamFormat = {
  headers: {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  },
  opening: ':\n\n',
  heartbeat: ':\n\n',
  event: ({ text, cursor }) => `${cursor === undefined ? '' : idLine(cursor)}${next(text)}`,
  failed: (errors: readonly GraphQLFormattedError[]) =>
    next(resultText({ data: undefined, errors })),
  closing: 'event: complete\ndata:\n\n',
};

function next(result: string): string {
  return `event: next\ndata: ${result}\n\n`;
}

/** A cursor with a line break would end the field; such a one cannot be an id. */
function idLine(cursor: string): string {
  return /[\r\n\0]/.test(cursor) ? '' : `id: ${cursor}\n`;
}
