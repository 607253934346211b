/** Loaded into a process before its program: tells how much memory it holds when all garbage is gone. Needs --expose-gc. */
import { answerCalls } from './messages.ts';

export type MemoryCalls = {
  memory(): {
    readonly rssBytes: number;
    readonly heapBytes: number;
    readonly externalBytes: number;
  };
  cpuMs(): number;
};

const calls: MemoryCalls = {
  memory() {
    for (let i = 0; i < 3; i += 1) globalThis.gc?.();
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rssBytes: rss, heapBytes: heapUsed, externalBytes: external };
  },
  cpuMs() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
};
answerCalls(calls);
