/** Where a service gets the time from; domain code is given instants, never a clock. */
export type Clock = { now(): Date };

export const systemClock: Clock = { now: () => new Date() };
