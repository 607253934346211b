import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { stateDiagram } from './diagram.ts';
import {
  stockStates,
  transitions,
  triggers,
  type Reaction,
  type StockState,
  type Trigger,
} from './order-stock.ts';

describe('the transition table', () => {
  test('has every state and every trigger, and no others', () => {
    expect(Object.keys(transitions)).toEqual([...stockStates]);
    for (const state of stockStates) {
      expect(Object.keys(transitions[state]).toSorted()).toEqual(triggers.toSorted());
    }
  });

  test('answers a cancellation in every state', () => {
    for (const state of stockStates) {
      expect(transitions[state].cancelling).toEqual({
        does: 'release',
        to: 'RELEASED',
        tells: true,
      });
    }
  });

  test('never gives stock to an order twice, nor after its end', () => {
    for (const state of stockStates.filter((each) => each !== 'UNKNOWN')) {
      expect(transitions[state].placed).toEqual({ does: 'nothing' });
    }
    for (const trigger of triggers) {
      expect(['nothing', 'release']).toContain(transitions.RELEASED[trigger].does);
    }
  });

  test.each<[Trigger[], StockState]>([
    [['placed', 'confirmed'], 'ALLOCATED'],
    [['placed', 'confirmed', 'cancelling'], 'RELEASED'],
    [['placed', 'confirmed', 'putOnHold'], 'PINNED'],
    [['placed', 'confirmed', 'putOnHold', 'cancelling'], 'RELEASED'],
    [['placed', 'putOnHold'], 'PINNED'],
    [['placed', 'putOnHold', 'cancelling'], 'RELEASED'],
    [['placed', 'expired'], 'RELEASED'],
    [['placed', 'cancelling'], 'RELEASED'],
  ])('leads %j to %s, in whatever order it arrives', (history, end) => {
    for (const arrivals of permutations(history)) expect(arrive(arrivals)).toBe(end);
  });

  test('is what the README draws', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    expect(readme).toContain(`\`\`\`mermaid\n${stateDiagram()}\n\`\`\``);
  });
});

/** The state at the end, when every hold is granted and a fault is delivered again after the others. */
function arrive(arrivals: readonly Trigger[]): StockState {
  let state: StockState = 'UNKNOWN';
  const queue = [...arrivals];
  for (let trigger = queue.shift(); trigger; trigger = queue.shift()) {
    const reaction: Reaction = transitions[state][trigger];
    if (reaction.does === 'fault') queue.push(trigger);
    else if (reaction.does === 'hold') state = 'HELD';
    else if (reaction.does !== 'nothing') state = reaction.to;
  }
  return state;
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, i) =>
    permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]),
  );
}
