/** A subscription to orders' statuses, with everything that it brought, in the order in which it came. */
import type { Received } from '@ordergraph/router/test/clients.ts';
import { vi } from 'vitest';
import { z } from 'zod';

const changeSchema = z.object({
  cursor: z.string(),
  status: z.string(),
  previousStatus: z.string().nullable(),
  version: z.int(),
  snapshot: z.boolean(),
  order: z.object({ id: z.string() }),
});
const messageSchema = z.object({
  data: z.record(z.string(), changeSchema),
  errors: z.never().optional(),
});

export type StatusChange = z.infer<typeof changeSchema>;

export type StatusWatch = {
  /** A copy of what has come so far. */
  readonly changes: readonly StatusChange[];
  /** `undefined` while the stream is open; then `complete`, or what the client was given as the error. */
  readonly end: unknown;
  /**
   * Resolves to the changes so far once one of them satisfies.
   * @throws if none does in time, or the stream ends before
   */
  until(satisfies: (change: StatusChange) => boolean): Promise<readonly StatusChange[]>;
  stop(): void;
};

export const changeFields = 'cursor status previousStatus version snapshot order { id }';

const patience = { timeout: 30_000, interval: 20 };

export function statusWatch(received: Received): StatusWatch {
  const changes = (): StatusChange[] => received.results.flatMap(changesIn);
  return {
    get changes() {
      return changes();
    },
    get end() {
      return received.end;
    },
    async until(satisfies) {
      const over = (): boolean => received.end !== undefined || changes().some(satisfies);
      await vi.waitUntil(over, patience).catch(() => undefined);
      const seen = changes();
      if (seen.some(satisfies)) return seen;
      throw new Error(`Seen: ${JSON.stringify(seen)}; the end: ${JSON.stringify(received.end)}`);
    },
    stop: () => received.stop(),
  };
}

function changesIn(message: unknown): StatusChange[] {
  return Object.values(messageSchema.parse(message).data);
}

/** What is told of a change beside its cursor: version, state before and after. */
export function stepOf({ version, previousStatus, status }: StatusChange): string {
  return `${version} ${previousStatus ?? '-'} ${status}`;
}
