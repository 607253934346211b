/**
 * A client of `graphql-transport-ws` as cheap as can be: on a small machine, ten thousand of them share a processor with the
 * router that they measure. Text frames, pings and closing; nothing is ever sent in fragments by the router.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export type SocketClient = {
  send(message: string): void;
  /** Reads nothing more, and leaves what comes in the kernel's buffers. */
  stall(): void;
  resume(): void;
  close(): void;
};

type Listener = { message(text: string): void; closed(code: number): void };
type Place = { readonly port: number; readonly path: string; readonly localAddress: string };

const pong = 0x8a;
const text = 0x81;

/** Resolves when the connection is a WebSocket. */
export function openSocket({ port, path, localAddress }: Place, listener: Listener) {
  const opened = Promise.withResolvers<SocketClient>();
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  let rest: Buffer | undefined;
  let isOpen = false;
  socket.setNoDelay();
  socket.write(
    `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n` +
      `sec-websocket-version: 13\r\nsec-websocket-protocol: graphql-transport-ws\r\n` +
      `sec-websocket-key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  );
  const client: SocketClient = {
    send: (message) => socket.write(frame(text, Buffer.from(message))),
    stall: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.destroy(),
  };
  const open = (data: Buffer): Buffer | undefined => {
    const end = data.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const head = data.toString('latin1', 0, end);
    if (!head.startsWith('HTTP/1.1 101')) throw new Error(head);
    isOpen = true;
    opened.resolve(client);
    return data.subarray(end + 4);
  };
  socket.on('data', (chunk: Buffer) => {
    let data: Buffer | undefined = rest ? Buffer.concat([rest, chunk]) : chunk;
    rest = undefined;
    if (!isOpen) {
      const behind = open(data);
      if (!behind) {
        rest = data;
        return;
      }
      data = behind;
    }
    rest = readFrames(data, socket, listener);
  });
  socket.on('error', (error) => opened.reject(error));
  socket.on('close', () => listener.closed(1006));
  return opened.promise;
}

/** Gives what is left: the begin of a frame. */
function readFrames(data: Buffer, socket: Socket, listener: Listener): Buffer | undefined {
  let at = 0;
  while (data.length - at >= 2) {
    const [opcode, begin, length] = header(data, at);
    if (begin + length > data.length) break;
    if (opcode === 1) listener.message(data.toString('utf8', begin, begin + length));
    else if (opcode === 9) socket.write(frame(pong, data.subarray(begin, begin + length)));
    else if (opcode === 8) listener.closed(length >= 2 ? data.readUInt16BE(begin) : 1005);
    at = begin + length;
  }
  return at === data.length ? undefined : Buffer.from(data.subarray(at));
}

/** Opcode, where the payload begins, and its length; beyond all data if the header is not whole. */
function header(data: Buffer, at: number): readonly [number, number, number] {
  const opcode = data.readUInt8(at) & 0x0f;
  const short = data.readUInt8(at + 1) & 0x7f;
  const more = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (at + 2 + more > data.length) return [opcode, Infinity, 0];
  if (more === 2) return [opcode, at + 4, data.readUInt16BE(at + 2)];
  if (more === 8) return [opcode, at + 10, Number(data.readBigUInt64BE(at + 2))];
  return [opcode, at + 2, short];
}

/** Masked, as a client's frames must be; the mask is zero, which leaves the payload as it is. */
function frame(first: number, payload: Buffer): Buffer {
  const { length } = payload;
  const long = length > 125;
  const head = Buffer.alloc(long ? 8 : 6);
  head.writeUInt8(first, 0);
  head.writeUInt8(0x80 | (long ? 126 : length), 1);
  if (long) head.writeUInt16BE(length, 2);
  return Buffer.concat([head, payload]);
}
