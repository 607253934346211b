/** `hot-sku`: whether it matters that everybody wants the same thing. */
import { measureOrders, systemCpuMs, type OrdersRun } from './orders.ts';
import { interleave } from './rounds.ts';
import type { Scenario } from './scenario.ts';
import { hotSku, onWarmSystem, skus } from './shop.ts';
import { shown, spread } from './statistics.ts';

const clients = 32;
const cases = [
  { name: `${skus.length} SKUs in turn`, skus, run: 'many' },
  { name: 'one SKU', skus: [hotSku], run: 'hot' },
];

export const hotSkuScenario: Scenario = {
  name: 'hot-sku',
  about: 'complete orders a second when all clients want one SKU, beside many SKUs',
  async run({ orders, rounds, progress }) {
    const { result, checked } = await onWarmSystem({}, (system) =>
      interleave(cases, rounds, ({ name, run, ...one }, round) => {
        progress(`hot SKU: round ${round + 1} of ${rounds}, ${name}`);
        return measureOrders(system, { ...one, clients, orders, run: `${run}${round}` });
      }),
    );
    const [many = [], hot = []] = result;
    const ratios = (figure: (run: OrdersRun) => number): string =>
      shown(spread(many.flatMap((run, i) => (hot[i] ? [figure(hot[i]) / figure(run)] : []))), 2);
    return [
      {
        title: 'A hot SKU',
        method: `${clients} clients, orders of one line, all services in one process; the same load on many SKUs and on one, in turn.`,
        header: [
          'orders for',
          'placed/s',
          'confirmed/s',
          'CPU ms an order',
          'confirmed p50 ms',
          'confirmed p99 ms',
        ],
        rows: cases.map(({ name }, i) => {
          const runs = result[i] ?? [];
          return [
            name,
            shown(spread(runs.map(({ placedPerS }) => placedPerS))),
            shown(spread(runs.map(({ confirmedPerS }) => confirmedPerS))),
            shown(spread(runs.map(systemCpuMs)), 2),
            shown(spread(runs.map(({ confirmationMs }) => confirmationMs.p50))),
            shown(spread(runs.map(({ confirmationMs }) => confirmationMs.p99))),
          ];
        }),
        findings: [
          `Of what many give, by round, one SKU has ${ratios(({ confirmedPerS }) => confirmedPerS)} of the rate, and takes ${ratios(systemCpuMs)} of the CPU time an order; a hot SKU shall be no slower.`,
          checked,
        ],
      },
    ];
  },
};
