import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';

const run = promisify(execFile);
const script = fileURLToPath(new URL('./health-check.sh', import.meta.url));
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** Serves 200 at one path and 503 at all others; the answer is its port. */
async function serviceReadyAt(path: string): Promise<string> {
  const server = createServer(({ url }, response) => {
    response.writeHead(url === path ? 200 : 503).end('{}');
  });
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  return typeof address === 'object' && address ? String(address.port) : '';
}

/** The exit code. */
function healthCheck(args: string[], environment: Record<string, string> = {}): Promise<unknown> {
  return run('bash', [script, ...args], { env: { ...process.env, ...environment } }).then(
    () => 0,
    (error: { code?: unknown }) => error.code,
  );
}

test('the health check asks the port of the environment whether the service is ready', async () => {
  const port = await serviceReadyAt('/health/ready');
  expect(await healthCheck([], { PORT: port })).toBe(0);
});

test('the health check asks another port and path when they are given', async () => {
  const port = await serviceReadyAt('/health');
  expect(await healthCheck([port, '/health'], { PORT: '1' })).toBe(0);
});

test('the health check fails with 1 while a service is not ready', async () => {
  const port = await serviceReadyAt('/elsewhere');
  expect(await healthCheck([port])).toBe(1);
});

test('the health check fails with 1 where nothing listens', async () => {
  const port = await serviceReadyAt('/health/ready');
  const [server] = servers.splice(0);
  server?.close();
  server?.closeAllConnections();
  expect(await healthCheck([port])).toBe(1);
});
