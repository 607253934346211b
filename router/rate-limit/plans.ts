/** What callers may spend: plans by name, and which one is whose. */
import { z } from 'zod';
import type { Caller } from '../request.ts';
import type { Plan } from './token-bucket.ts';

const amount = z.int().min(1).max(1_000_000_000);
const planSchema = z.strictObject({ capacity: amount, refillPerSecond: amount });

export const plansSchema = z.record(z.string(), planSchema);

/** Every kind of caller has a plan of its name; partners may be given others by theirs. */
export type Plans = Readonly<Record<string, Plan>> & Readonly<Record<CallerKind, Plan>>;

export type CallerKind = 'anonymous' | 'customer' | 'staff' | 'partner';

/**
 * In production: enough for people and their applications, and a small part of what a router can do. Staff are trusted,
 * and their tools place orders by the thousand.
 */
const productionPlans: Plans = {
  anonymous: { capacity: 2_000, refillPerSecond: 100 },
  customer: { capacity: 10_000, refillPerSecond: 500 },
  staff: { capacity: 1_000_000, refillPerSecond: 50_000 },
  partner: { capacity: 50_000, refillPerSecond: 2_000 },
};

/** Elsewhere tests, benchmarks and replays come from one caller as fast as they can. */
const ample: Plan = { capacity: 100_000_000, refillPerSecond: 100_000_000 };
const developmentPlans: Plans = {
  anonymous: ample,
  customer: ample,
  staff: ample,
  partner: ample,
};

/** The usual plans, with those that are configured in their places or beside them. */
export function plansFor(production: boolean, configured: z.infer<typeof plansSchema>): Plans {
  return { ...(production ? productionPlans : developmentPlans), ...configured };
}

export function kindOf({ partner, identity }: Caller): CallerKind {
  return partner ? 'partner' : identity.role;
}

/** The plan of a caller; a partner's by its name, or that of all partners if there is none of that name. */
export function planOf(caller: Caller, plans: Plans): Plan {
  const named = caller.partner?.plan;
  const own = named !== undefined && Object.hasOwn(plans, named) ? plans[named] : undefined;
  return own ?? plans[kindOf(caller)];
}
