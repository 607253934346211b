/** The table of states.ts as a mermaid diagram, for the README. */
import { paymentTransitions, type PaymentState, type PaymentTrigger } from './states.ts';

type Ends = Partial<Record<PaymentTrigger, PaymentState>>;

const late: Ends = { capture: 'REFUNDING', captureOther: 'REFUNDING', captureSurplus: 'REFUNDING' };

/** Where `ended` leads as a rule; with a surplus refund under way, VOIDED waits for it in REFUNDING. */
const ends: Partial<Record<PaymentState, Ends>> = {
  NONE: { close: 'VOIDED' },
  DECLINED: { close: 'VOIDED' },
  CAPTURED: { close: 'REFUNDING' },
  MISMATCHED: { close: 'REFUNDING' },
  WITHDRAWING: { ...late, decline: 'VOIDED', void: 'VOIDED' },
  REFUNDING: { ...late, refund: 'REFUNDED' },
  REFUNDED: late,
  VOIDED: late,
};

const states: readonly PaymentState[] = [
  'NONE',
  'PENDING',
  'DECLINED',
  'CAPTURED',
  'MISMATCHED',
  'WITHDRAWING',
  'REFUNDING',
  'REFUNDED',
  'VOIDED',
];
const triggers: readonly PaymentTrigger[] = [
  'reserve',
  'pay',
  'close',
  'capture',
  'captureOther',
  'captureSurplus',
  'decline',
  'void',
  'refund',
];

export function paymentDiagram(): string {
  const lines = states.flatMap(edgesOf);
  return ['stateDiagram-v2', ...lines.map((line) => `  ${line}`)].join('\n');
}

function edgesOf(from: PaymentState): string[] {
  const targets = Map.groupBy(triggers, (trigger) => targetOf(from, trigger));
  return [...targets].flatMap(([to, causes]) => {
    if (to === undefined || to === from) return [];
    return [`${from === 'NONE' ? '[*]' : from} --> ${to}: ${causes.join(', ')}`];
  });
}

function targetOf(from: PaymentState, trigger: PaymentTrigger): PaymentState | undefined {
  const step = paymentTransitions[from][trigger];
  if (step === 'same' || step === 'refused') return undefined;
  return step === 'ended' ? ends[from]?.[trigger] : step;
}
