/** Many streams on one router process, each of a customer's own order: what one costs, and a burst to all. */
import { besideMark, type Section } from '../report.ts';
import { shown, spread } from '../statistics.ts';
import { burst, type Burst } from './bursts.ts';
import type { Stage } from './stage.ts';
import type { StreamsOptions } from './streams-options.ts';

const warmUpStreams = 500;
const warmUpBursts = 20;

export async function measureOwnOrders(
  stage: Stage,
  { clients, rounds, progress }: StreamsOptions,
): Promise<{ readonly section: Section; readonly orderIds: readonly string[] }> {
  progress('streams: warming up');
  const warm = await stage.open('warm', Math.min(warmUpStreams, clients));
  for (let i = 0; i < warmUpBursts; i += 1) await burst(stage, warm);
  const before = await stage.router.call('memory', undefined);
  progress(`streams: opening ${clients}`);
  const orderIds = await stage.open('order', clients);
  const after = await stage.router.call('memory', undefined);
  const kB = (what: 'rssBytes' | 'heapBytes') => (after[what] - before[what]) / clients / 1024;
  const bursts: Burst[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    progress(`streams: burst ${round} of ${rounds}`);
    bursts.push(await burst(stage, orderIds));
  }
  const of = (what: keyof Burst) => spread(bursts.map((one) => one[what]));
  return {
    orderIds,
    section: {
      title: `${clients} live streams on one router process`,
      method:
        'A WebSocket and a customer each, one stream of an order each, whose events need a field of another subgraph; then one event each, all at once, round after round. Subgraphs and clients are in processes of their own, and as cheap as can be.',
      header: ['', 'measured'],
      rows: [
        ['kB a stream, resident, garbage gone', kB('rssBytes').toFixed(1)],
        ['kB a stream, of JavaScript', kB('heapBytes').toFixed(1)],
        ['ms until the last has its event', shown(of('lastMs'))],
        ['ms until half of them have', shown(of('middleMs'))],
        ['ms of the router’s CPU', shown(of('cpuMs'))],
        ['calls to the subgraph of the rest', shown(of('calls'))],
      ],
      findings: [
        `kB a stream, resident: ${besideMark(kB('rssBytes'), { atMost: 16 })}`,
        `seconds for a burst, the median of the rounds: ${besideMark(of('lastMs').median / 1_000, { atMost: 0.5 })}; the best: ${(of('lastMs').lowest / 1_000).toFixed(2)}`,
      ],
    },
  };
}
