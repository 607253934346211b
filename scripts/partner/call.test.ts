import { expect, test } from 'vitest';
import { readCall, WrongCall } from './call.ts';

test.each([
  [['add', 'x'], { command: 'add', name: 'x', scopes: [], plan: 'partner' }],
  [
    ['add', 'A.b_c-1', '--scope', 'a:read', '--scope', 'b', '--plan', 'gold'],
    { command: 'add', name: 'A.b_c-1', scopes: ['a:read', 'b'], plan: 'gold' },
  ],
  [['rotate', 'x'], { command: 'rotate', name: 'x', overlapSeconds: 86_400 }],
  [['rotate', 'x', '--overlap', '0'], { command: 'rotate', name: 'x', overlapSeconds: 0 }],
  [['rotate', 'x', '--overlap', '7d'], { command: 'rotate', name: 'x', overlapSeconds: 604_800 }],
  [
    ['revoke', 'x', '--key', `ogk_0123456789ab_${'y'.repeat(43)}`],
    { command: 'revoke', name: 'x', key: '0123456789ab' },
  ],
  [['rollback', 'x', '--to', '3'], { command: 'rollback', name: 'x', version: 3 }],
  [['usage', 'x'], { command: 'usage', name: 'x', days: 30 }],
  [
    ['usage', '--field', 'Order.total', '--days', '7'],
    { command: 'field-usage', field: 'Order.total', days: 7 },
  ],
  [['--help'], { command: 'help' }],
  [['add', '--help'], { command: 'help' }],
])('%j is understood', (args, call) => {
  expect(readCall(args)).toEqual(call);
});

test.each([
  [[], 'Say what to do.'],
  [['burn', 'x'], 'There is no command burn.'],
  [['add'], 'Say add NAME.'],
  [['add', '-x'], "Unknown option '-x'"],
  [['add', 'two words'], 'A NAME has'],
  [['add', 'x', '--scope', 'a b'], 'A --scope is one word'],
  [['add', 'x', '--overlap', '1h'], 'add does not take --overlap.'],
  [['rotate', 'x', '--overlap', 'soon'], '--overlap is 0 or a time'],
  [['rotate', 'x', '--overlap', '91d'], '--overlap is 0 or a time'],
  [['revoke', 'x', '--key', 'y'], '--key is the first part of a key'],
  [['publish', 'x'], 'Say publish NAME MANIFEST.json.'],
  [['rollback', 'x', '--to', '0'], '--to is a number from 1.'],
  [['usage'], 'Say usage NAME.'],
])('%j is refused with the reason', (args, reason) => {
  expect(() => readCall(args)).toThrow(WrongCall);
  expect(() => readCall(args)).toThrow(reason);
});
