/**
 * Follows a subscription by a real client, over as many connections as it takes: whenever one ends, the next is made to
 * the other door, behind the cursor of the last change that came. What no client may be made to see is noted as a fault.
 */
import type { Received } from '@ordergraph/router/test/clients.ts';
import { vi } from 'vitest';
import { z } from 'zod';
import { changeIn, type StatusChange } from './status-watch.ts';

/** Makes a connection to a door, behind a cursor if there is one. */
export type Connect = (door: string, after: string | undefined) => Received;

export type Follower = {
  readonly changes: readonly StatusChange[];
  /** How many connections it took so far. */
  readonly connections: number;
  readonly faults: readonly string[];
  stop(): Promise<void>;
};

const failureSchema = z.object({
  errors: z.tuple([z.object({ extensions: z.looseObject({ code: z.string() }) })]),
});

const patience = { timeout: 120_000, interval: 5 };

/** @param doors URLs that are tried in turn, beginning with the first */
export function follow(doors: readonly string[], connect: Connect): Follower {
  const changes: StatusChange[] = [];
  const faults: string[] = [];
  let connections = 0;
  let isStopped = false;

  /** A stream may end only because a service went, and says where it stopped. */
  const noteFailure = (failure: z.infer<typeof failureSchema>): void => {
    const { code, ['cursor']: cursor } = failure.errors[0].extensions;
    if (code !== 'SERVICE_UNAVAILABLE') faults.push(`failed with ${code}`);
    const last = changes.at(-1)?.cursor;
    if (cursor !== last) faults.push(`stopped behind ${String(cursor)}, having given ${last}`);
  };
  const take = (message: unknown): 'change' | 'failure' => {
    const failure = failureSchema.safeParse(message);
    if (failure.success) noteFailure(failure.data);
    else changes.push(changeIn(message));
    return failure.success ? 'failure' : 'change';
  };
  const stayConnected = async (door: string): Promise<void> => {
    connections += 1;
    const received = connect(door, changes.at(-1)?.cursor);
    const told: ('change' | 'failure')[] = [];
    const isOver = (): boolean => {
      const { end } = received;
      for (const message of received.results.slice(told.length)) told.push(take(message));
      return end !== undefined || isStopped;
    };
    await vi.waitUntil(isOver, patience);
    received.stop();
    if (isStopped) return;
    const failure = failureSchema.safeParse({ errors: received.end });
    if (failure.success) noteFailure(failure.data);
    else if (received.end === 'complete' && told.at(-1) !== 'failure') faults.push('completed');
  };
  const followOn = async (): Promise<void> => {
    for (let turn = 0; !isStopped; turn += 1) {
      await stayConnected(doors[turn % doors.length] ?? '');
    }
  };
  const following = followOn().catch((error: unknown) => void faults.push(String(error)));
  return {
    changes,
    faults,
    get connections() {
      return connections;
    },
    async stop() {
      isStopped = true;
      await following;
    },
  };
}
