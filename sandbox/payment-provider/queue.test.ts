import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createQueue } from './queue.ts';

test('items leave in the order in which they came, none lost, whatever the mix of adding and taking', () => {
  const steps = fc.array(fc.record({ adds: fc.nat(1500), takes: fc.nat(1500) }), { maxLength: 10 });
  fc.assert(
    fc.property(steps, (mix) => {
      const queue = createQueue<number>();
      let added = 0;
      let next = 0;
      for (const { adds, takes } of [...mix, { adds: 0, takes: 20_000 }]) {
        for (let step = 0; step < adds; step += 1) queue.add(added++);
        for (let step = 0; step < takes; step += 1) {
          const expected = next < added ? next++ : undefined;
          if (queue.take() !== expected) throw new Error(`expected ${expected}`);
        }
      }
      expect(next).toBe(added);
    }),
  );
});
