/** A port before a server, which can be closed and opened again as if the server behind it were stopped and started. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { portOf } from './ports.ts';

export async function startTcpDoor(target: URL) {
  const sockets = new Set<Socket>();
  let server: Server;
  let port = 0;

  const open = async (): Promise<void> => {
    server = createServer((client) => {
      const upstream = connect(Number(target.port), target.hostname);
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(socket);
        socket.on('error', () => other.destroy());
        socket.on('close', () => {
          sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    port = portOf(server);
  };
  /** Cuts what is under way, and refuses what comes. */
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await open();
  return { url: `http://127.0.0.1:${port}${target.pathname}`, open, close };
}
