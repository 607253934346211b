/** When a charge's outcome is decided, counted from its creation. */
export type OutcomeDelay = 'soon' | 'afterOneSecond' | 'slow' | 'late';

export type TokenBehaviour = {
  /** What the request that creates the charge hears; a retry with its key always hears the charge. */
  readonly firstAnswer: 'charge' | 'serverError' | 'never';
  readonly outcome: 'succeed' | 'decline' | 'declineFirstOfOrder';
  readonly delay: OutcomeDelay;
  /** Minor units by which the captured amount falls short of the amount asked for. */
  readonly shortByMinor: 0 | 1;
  /** How often each event of the charge and of its refunds is sent. */
  readonly copies: 0 | 1 | 3;
};

const ordinary = {
  firstAnswer: 'charge',
  outcome: 'succeed',
  delay: 'soon',
  shortByMinor: 0,
  copies: 1,
} as const satisfies TokenBehaviour;

/** The one place that says what each token does. */
export const tokenBehaviours = {
  tok_ok: ordinary,
  tok_declined: { ...ordinary, outcome: 'decline' },
  tok_declined_once: { ...ordinary, outcome: 'declineFirstOfOrder' },
  tok_slow: { ...ordinary, delay: 'slow' },
  tok_timeout: { ...ordinary, firstAnswer: 'never', delay: 'afterOneSecond' },
  tok_error_then_ok: { ...ordinary, firstAnswer: 'serverError' },
  tok_duplicate_webhook: { ...ordinary, copies: 3 },
  tok_no_webhook: { ...ordinary, copies: 0 },
  tok_wrong_amount: { ...ordinary, shortByMinor: 1 },
  tok_late: { ...ordinary, delay: 'late' },
} as const satisfies Record<string, TokenBehaviour>;

export type Token = keyof typeof tokenBehaviours;

export const isToken = (value: unknown): value is Token =>
  typeof value === 'string' && Object.hasOwn(tokenBehaviours, value);
