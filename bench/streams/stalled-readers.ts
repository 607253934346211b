/** Readers that stop reading, among others that go on: what they cost, whom they delay, and what they are told. */
import { setTimeout as sleep } from 'node:timers/promises';
import { besideMark, type Section } from '../report.ts';
import { shown, spread } from '../statistics.ts';
import { burst, type Burst } from './bursts.ts';
import { sendBufferBytes, stalledMax } from './kernel-buffers.ts';
import type { Stage } from './stage.ts';
import type { StreamsOptions } from './streams-options.ts';

/** Changes of this size fill most of what the kernel takes, and then smaller ones what the router keeps. */
const largeBytes = 16 * 1024;
const smallBytes = 1024;
const changesAtOnce = 8;
const changesMax = 10_000;
const tellWithinMs = 60_000;
const ended = /^router_streams_ended_total\{/;
const tooSlow = /^router_streams_ended_total\{.*outcome="SLOW_CONSUMER"\}/;

export async function measureStalledReaders(
  stage: Stage,
  orderIds: readonly string[],
  { stalled, rounds, progress }: StreamsOptions,
): Promise<Section> {
  const { router, clients, subgraphs } = stage;
  const count = Math.min(stalled, stalledMax());
  if (count < stalled) progress(`stalled readers: ${count}, as the kernel has no room for more`);
  const stuck = orderIds.slice(0, count);
  const others = orderIds.slice(count);
  const measureBursts = async (): Promise<Burst[]> => {
    const bursts: Burst[] = [];
    for (let round = 0; round < rounds; round += 1) bursts.push(await burst(stage, others));
    return bursts;
  };
  progress(`stalled readers: bursts to the other ${others.length}`);
  const alone = await measureBursts();
  const before = await router.call('memory', undefined);
  await clients.call('stall', { orderIds: stuck });
  const endedBefore = await stage.counter(ended);
  let changes = 0;
  const change = async (paddingBytes: number): Promise<void> => {
    for (let i = 0; i < changesAtOnce; i += 1) {
      await subgraphs.call('change', { orderIds: stuck, paddingBytes });
      await settled(stage);
    }
    changes += changesAtOnce;
  };
  progress(`stalled readers: filling the buffers of ${stuck.length}`);
  const mostOfKernelBytes = sendBufferBytes() * 0.8;
  while (changes * largeBytes < mostOfKernelBytes) await change(largeBytes);
  let peakBytes = 0;
  // What is in the kernel's buffers is not the router's; the first that is cut off tells that the router's own are full.
  const endedUntil = endedBefore + stuck.length;
  while ((await stage.counter(ended)) < endedUntil && changes < changesMax) {
    await change(smallBytes);
    const { rssBytes } = await router.call('memory', undefined);
    peakBytes = Math.max(peakBytes, rssBytes - before.rssBytes);
  }
  const cut = await stage.counter(tooSlow);
  const silent = (await stage.counter(ended)) - endedBefore - cut;
  progress(`stalled readers: bursts to the others again`);
  const beside = await measureBursts();
  await clients.call('resume', { orderIds: stuck });
  const told = await untilTold(stage, cut);
  const of = (bursts: readonly Burst[]) => spread(bursts.map(({ lastMs }) => lastMs));
  return {
    title: `${count} readers that stop reading`,
    method: `Of the streams above, ${count} read nothing more while changes keep coming for them, until each was cut off; the others get bursts before and after that. Then the stalled ones read again. The kernel keeps up to ${(sendBufferBytes() / 2 ** 20).toFixed(1)} MB for each besides.`,
    header: ['', 'measured'],
    rows: [
      ['changes for each until all were cut off', String(changes)],
      ['MB resident at most for all of them', (peakBytes / 2 ** 20).toFixed(0)],
      ['ms for a burst to the others, before', shown(of(alone))],
      ['ms for a burst to the others, beside them', shown(of(beside))],
      ['cut off as too slow', String(cut)],
      ['cut off before that, as they answered no ping', String(silent)],
      ['told so, with their last cursor', String(told)],
    ],
    findings: [
      `MB: ${besideMark(peakBytes / 2 ** 20, { atMost: 100 })}`,
      `a burst to the others beside them, by that before: ${(of(beside).median / of(alone).median).toFixed(2)}`,
    ],
  };
}

/** Resolves when the router has nothing under way for the changes so far. */
async function settled({ router }: Stage): Promise<void> {
  for (;;) {
    const before = await router.call('cpuMs', undefined);
    await sleep(20);
    if ((await router.call('cpuMs', undefined)) - before < 5) return;
  }
}

async function untilTold({ clients }: Stage, expected: number): Promise<number> {
  const untilMs = Date.now() + tellWithinMs;
  for (;;) {
    const { SLOW_CONSUMER: told = 0 } = await clients.call('ends', undefined);
    if (told >= expected || Date.now() > untilMs) return told;
    await sleep(100);
  }
}
