/**
 * `node bench/streams.ts [--clients 10000] [--stalled 1000] [--rounds 5] [--seconds 20]`: live streams. Ten thousand clients
 * need as many file descriptors in the router's process and in the clients': raise the limit first (`ulimit -n 20000`).
 */
import { parseArgs } from 'node:util';
import { asText, type Section } from './report.ts';
import { onStage } from './streams/stage.ts';
import { measureOwnOrders } from './streams/own-orders.ts';
import { measureStalledReaders } from './streams/stalled-readers.ts';
import { measureStatusLatency } from './streams/status-latency.ts';
import type { StreamsOptions } from './streams/streams-options.ts';
import type { Scenario } from './scenario.ts';

/** @param routerArguments switches for the router's process, a profiler's for example */
export async function benchStreams(
  options: StreamsOptions,
  routerArguments: readonly string[] = [],
): Promise<readonly Section[]> {
  const onOneRouter = await onStage(routerArguments, async (stage) => {
    const { section, orderIds } = await measureOwnOrders(stage, options);
    if (options.stalled === 0) return [section];
    return [section, await measureStalledReaders(stage, orderIds, options)];
  });
  if (options.latencyS === 0) return onOneRouter;
  return [...onOneRouter, await measureStatusLatency(options)];
}

const usual = { clients: 10_000, stalled: 1_000, rounds: 5, latencyS: 20 };

export const streamsScenario: Scenario = {
  name: 'streams',
  about: 'ten thousand live streams on one router, stalled readers, and the way of a status',
  run: ({ rounds, progress }) => benchStreams({ ...usual, rounds, progress }),
};

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      clients: { type: 'string', default: String(usual.clients) },
      stalled: { type: 'string', default: String(usual.stalled) },
      rounds: { type: 'string', default: String(usual.rounds) },
      seconds: { type: 'string', default: String(usual.latencyS) },
      'router-arguments': { type: 'string', default: '' },
    },
  });
  const sections = await benchStreams(
    {
      clients: Number(values.clients),
      stalled: Number(values.stalled),
      rounds: Number(values.rounds),
      latencyS: Number(values.seconds),
      progress: (line) => void process.stderr.write(`${line}\n`),
    },
    values['router-arguments'].split(' ').filter((word) => word !== ''),
  );
  for (const section of sections) process.stdout.write(`\n${asText(section)}\n`);
}
