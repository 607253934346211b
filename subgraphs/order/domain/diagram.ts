/** The table of transitions.ts as a mermaid diagram, for the README. */
import type { OrderStatus } from './order.ts';
import { transitions, triggers } from './transitions.ts';

const states: readonly OrderStatus[] = [
  'PLACED',
  'RESERVED',
  'CONFIRMED',
  'ON_HOLD',
  'CANCELLING',
  'REJECTED',
  'EXPIRED',
  'CANCELLED',
];

export function orderDiagram(): string {
  const steps = states.flatMap((from) =>
    triggers.flatMap((trigger) => {
      const to = transitions[from][trigger];
      return to === undefined ? [] : [`${from} --> ${to}: ${trigger}`];
    }),
  );
  const ends = states.filter((state) => Object.keys(transitions[state]).length === 0);
  const lines = ['[*] --> PLACED: placeOrder', ...steps, ...ends.map((end) => `${end} --> [*]`)];
  return ['stateDiagram-v2', ...lines.map((line) => `  ${line}`)].join('\n');
}
