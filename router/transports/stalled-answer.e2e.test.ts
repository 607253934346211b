import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { portOf } from '../test/ports.ts';
import { endUnlessStalled } from './stalled-answer.ts';

/** More than the kernel takes for a connection. */
const text = 'x'.repeat(32 * 1024 * 1024);
const withinMs = 400;
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function asked(pauseMs: number | undefined) {
  const answers: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    answers.push(response);
    endUnlessStalled(response, text, withinMs);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect(portOf(server), '127.0.0.1');
  closing.push(() => {
    socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  let length = 0;
  let pauses = 0;
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    length += chunk.length;
    socket.pause();
    if (pauseMs === undefined) return;
    pauses += 1;
    setTimeout(() => socket.resume(), pauseMs);
  });
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  return {
    length: () => length,
    pausedMs: () => pauses * (pauseMs ?? 0),
    answer: () => answers[0],
  };
}

const soon = { timeout: 20_000, interval: 10 };

test('a client that takes nothing of its answer is given up', async () => {
  const { answer } = await asked(undefined);
  await expect.poll(() => answer()?.closed, soon).toBe(true);
  expect(answer()?.writableFinished).toBe(false);
});

test('one that takes it piece by piece is served, however long the whole takes', async () => {
  const { length, pausedMs, answer } = await asked(4);
  await expect.poll(length, soon).toBeGreaterThan(text.length);
  expect(pausedMs()).toBeGreaterThan(withinMs);
  expect(answer()?.writableFinished).toBe(true);
});
