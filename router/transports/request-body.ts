/** The body of a request, within a limit. */
import type { IncomingMessage } from 'node:http';
import { HttpRefusal } from './http-answer.ts';

/**
 * Reads a body as text. What comes after the limit is not waited for: the connection is closed after the answer.
 * @throws HttpRefusal 413, or 400 if the client breaks off
 */
export function bodyText(request: IncomingMessage, limitBytes: number): Promise<string> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) {
    return Promise.reject(tooLarge());
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > limitBytes) {
        request.pause();
        reject(tooLarge());
      } else chunks.push(chunk);
    });
    request.on('end', () => {
      const [first] = chunks;
      const whole = chunks.length === 1 && first ? first : Buffer.concat(chunks);
      resolve(whole.toString('utf8'));
    });
    const broken = () => reject(new HttpRefusal(400, 'The request is not well formed.'));
    request.on('error', broken);
    request.on('aborted', broken);
  });
}

function tooLarge(): HttpRefusal {
  return new HttpRefusal(413, 'The body is too large.', { connection: 'close' });
}
