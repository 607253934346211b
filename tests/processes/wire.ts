/**
 * A TCP wire between a service and what it talks to, in which a test can hold a moment at which no program stops by
 * itself: the server has done what it was asked, and the client does not know yet. The client can be killed or frozen
 * there, and nothing in either program takes part in that.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { HeldAnswer, type Exchange } from './held-answer.ts';

export type Wire = {
  readonly port: number;
  /** Keeps back the next answer of its kind, on whichever connection it comes; other connections flow on. */
  hold(exchange: Exchange): HeldAnswer;
  /** Ends all connections, and every new one at once, until it is mended. */
  cut(): void;
  mend(): void;
  stop(): Promise<void>;
};

/** Opens a wire to a server on this machine. */
export async function openWire(serverPort: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  const holds: HeldAnswer[] = [];
  let isCut = false;
  const join = (client: Socket): void => {
    const server = connect({ host: '127.0.0.1', port: serverPort });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay();
      // An error is always followed by the end.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.end();
      });
    }
    client.on('data', (chunk) => {
      for (const hold of holds) hold.asks(client, chunk);
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      if (!holds.some((hold) => hold.keeps(client, chunk))) client.write(chunk);
    });
  };
  const endAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };

  const listener = createServer((client) => (isCut ? client.destroy() : join(client)));
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('The wire has no port');
  return {
    port: address.port,
    hold(exchange) {
      const hold = new HeldAnswer(exchange);
      holds.push(hold);
      return hold;
    },
    cut() {
      isCut = true;
      endAll();
    },
    mend() {
      isCut = false;
    },
    async stop() {
      endAll();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
