/** Draws the transition table as a mermaid state diagram; the README carries it. */
import { stockStates, transitions, triggers } from './order-stock.ts';

export function stateDiagram(): string {
  const arrows = stockStates.flatMap((from) =>
    triggers.flatMap((trigger) => {
      const reaction = transitions[from][trigger];
      if (reaction.does === 'nothing' || reaction.does === 'fault') return [];
      const told = reaction.does === 'release' && reaction.tells ? ' / stock.released' : '';
      return [reaction.to].flat().map((to) => `  ${node(from)} --> ${to}: ${trigger}${told}`);
    }),
  );
  return ['stateDiagram-v2', ...arrows].join('\n');
}

function node(state: string): string {
  return state === 'UNKNOWN' ? '[*]' : state;
}
