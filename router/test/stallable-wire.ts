/** A TCP wire to a server that can go dumb: connections stay, new ones are taken, and nothing passes any more. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { portOf } from './ports.ts';

export type StallableWire = {
  readonly port: number;
  stall(): void;
  flow(): void;
  /** Ends all connections, with what is on its way in them, and takes no others until it flows again. */
  shut(): void;
  stop(): Promise<void>;
};

export async function openStallableWire(serverPort: number): Promise<StallableWire> {
  const sockets = new Set<Socket>();
  let stalled = false;
  let isShut = false;
  const listener = createServer((client) => {
    if (isShut) {
      client.destroy();
      return;
    }
    const server = connect({ host: '127.0.0.1', port: serverPort });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => other.write(chunk));
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      if (stalled) socket.pause();
    }
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: portOf(listener),
    stall() {
      stalled = true;
      for (const socket of sockets) socket.pause();
    },
    flow() {
      stalled = false;
      isShut = false;
      for (const socket of sockets) socket.resume();
    },
    shut() {
      isShut = true;
      for (const socket of sockets) socket.destroy();
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
