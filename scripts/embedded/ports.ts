import { createServer } from 'node:net';

// Ports that the kernel hands to outgoing connections begin at 32768 on Linux and 49152 on macOS. A
// server that restarts on such a port can find it taken by a client, even by its own client while
// that tries to reconnect.
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const TRIES_MAX = 1_000;

/**
 * Ports on 127.0.0.1 that nothing listens on at the moment, all different. Another process may
 * still take one before the caller does: whoever binds it must be ready to ask again.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count && tries < TRIES_MAX; tries += 1) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (!ports.has(port) && (await portIsFree(port))) ports.add(port);
  }
  if (ports.size < count)
    throw new Error(`No ${count} free ports between ${FIRST_PORT} and ${LAST_PORT} on 127.0.0.1`);
  return [...ports];
}

/** Whether nothing listens on a port of 127.0.0.1 at the moment. */
export function portIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () =>
      probe.close(() => resolve(true)),
    );
  });
}
