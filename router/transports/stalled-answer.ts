/**
 * Ends an answer, and gives its client up if that takes nothing of it for a while: otherwise whoever asks for much and reads
 * none of it would keep it in our memory for as long as it likes. One that reads slowly, but reads, is served.
 */
import type { ServerResponse } from 'node:http';

/** How long a client may take nothing, in milliseconds. */
export const stallMaxMs = 30_000;

export function endUnlessStalled(
  response: ServerResponse,
  text: string,
  withinMs = stallMaxMs,
): void {
  response.end(text);
  // Nearly every answer has left at once.
  if (response.writableFinished) return;
  // Node looks at whether anything has left meanwhile before it calls a connection idle.
  response.setTimeout(withinMs, () => response.destroy());
}
