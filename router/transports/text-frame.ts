/**
 * A text frame of WebSocket as a server sends it: whole, not masked, not compressed. It is written as one piece to the
 * connection; the library would make two of it, which costs a good part of a burst to thousands.
 */
import type { Duplex } from 'node:stream';

const finalText = 0x81;

/** Writes a text; `flushed` is called when it has left, or with the error that kept it. */
export function writeTextFrame(
  wire: Duplex,
  text: string,
  flushed?: (error: Error | null | undefined) => void,
): void {
  const length = Buffer.byteLength(text);
  // A text of one byte a character is written as it is, with no buffer in between.
  if (length === text.length) wire.write(header(length) + text, 'latin1', flushed);
  else
    wire.write(Buffer.concat([Buffer.from(header(length), 'latin1'), Buffer.from(text)]), flushed);
}

/** Each character is a byte. */
function header(length: number): string {
  if (length < 126) return String.fromCharCode(finalText, length);
  if (length < 2 ** 16) return String.fromCharCode(finalText, 126, length >> 8, length & 0xff);
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(length));
  return String.fromCharCode(finalText, 127, ...bytes);
}
