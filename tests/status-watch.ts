/** A subscription to orders' statuses, with everything that it brought, in the order in which it came. */
import type { Received } from '@ordergraph/router/test/clients.ts';
import { expect, vi } from 'vitest';
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

const changeFields = 'cursor status previousStatus version snapshot order { id }';

export const watchOperation = `subscription Watch($orderId: ID!, $after: String) {
  orderStatusChanged(orderId: $orderId, after: $after) { ${changeFields} }
}`;
export const watchAllOperation = `subscription WatchAll($after: String) {
  orderActivity(after: $after) { ${changeFields} }
}`;

const patience = { timeout: 30_000, interval: 20 };

export function statusWatch(received: Received): StatusWatch {
  const read: StatusChange[] = [];
  const changes = (): readonly StatusChange[] => {
    for (const message of received.results.slice(read.length)) read.push(changeIn(message));
    return read;
  };
  return {
    get changes() {
      return [...changes()];
    },
    get end() {
      return received.end;
    },
    async until(satisfies) {
      const over = (): boolean => received.end !== undefined || changes().some(satisfies);
      await vi.waitUntil(over, patience).catch(() => undefined);
      const seen = [...changes()];
      if (seen.some(satisfies)) return seen;
      throw new Error(`Seen: ${JSON.stringify(seen)}; the end: ${JSON.stringify(received.end)}`);
    },
    stop: () => received.stop(),
  };
}

/** @throws if the message is anything but a change */
export function changeIn(message: unknown): StatusChange {
  const [change] = Object.values(messageSchema.parse(message).data);
  if (!change) throw new Error(`Nothing came with ${JSON.stringify(message)}`);
  return change;
}

/**
 * Nothing tells when a stream of all orders has begun: orders are placed until one of them shows itself.
 * @param place places an order that the stream must tell of
 */
export async function untilFlowing(
  watch: StatusWatch,
  place: () => Promise<unknown>,
): Promise<void> {
  const flows = async (): Promise<boolean> => {
    if (watch.end === undefined && watch.changes.length === 0) await place();
    return watch.changes.length > 0;
  };
  await vi.waitUntil(flows, { ...patience, interval: 200 });
}

/**
 * Holds one order's stream to its promise: the present state first, then every later change once, in order.
 * @param path the order's statuses, from version 1 on
 */
export function expectEachOnce(changes: readonly StatusChange[], path: readonly string[]): void {
  const [first, ...later] = changes.map(stepOf);
  const from = first?.version ?? 0;
  expect(first).toEqual({
    version: from,
    previousStatus: null,
    status: path[from - 1],
    snapshot: true,
  });
  expect(later).toEqual(stepsAfter(from, path));
}

/** What a change tells beside its cursor and its order. */
export function stepOf({ version, previousStatus, status, snapshot }: StatusChange) {
  return { version, previousStatus, status, snapshot };
}

/** The changes of a path above a version, as a stream tells them. */
export function stepsAfter(version: number, path: readonly string[]) {
  return path.slice(version).map((status, i) => ({
    version: version + 1 + i,
    previousStatus: path[version + i - 1] ?? null,
    status,
    snapshot: false,
  }));
}
