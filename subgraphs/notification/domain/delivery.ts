/** What becomes of a notification after a try: sent, tried again later, or given up. */

/** How the mail server answered. */
export type Answer =
  | { readonly kind: 'accepted' }
  | {
      readonly kind: 'refused';
      /** About this mail (sender, recipient, content), or about the connection, which the mail is not to blame for. */
      readonly about: 'mail' | 'connection';
      /** The three digits of the SMTP reply, if there was one. */
      readonly replyCode: number | undefined;
      readonly cause: string;
    };

export type RetryPolicy = {
  /** How often a mail is tried before it is given up. */
  readonly triesMax: number;
  /** The longest pause after the first try; it doubles with every further one, in milliseconds. */
  readonly pauseFirstMs: number;
  /** No pause is longer, in milliseconds. */
  readonly pauseMaxMs: number;
};

export type Outcome =
  | { readonly status: 'SENT' }
  | { readonly status: 'PENDING'; readonly delayMs: number; readonly failure: string }
  | { readonly status: 'FAILED'; readonly failure: string };

/** Causes are kept short: some servers answer with a page. */
const failureMax = 500;

/**
 * @param tries how often the mail was tried, this time included.
 * @param jitter from 0 to below 1: spreads the next tries of mails that failed together.
 */
export function outcomeOf(
  answer: Answer,
  policy: RetryPolicy,
  { tries, jitter }: { tries: number; jitter: number },
): Outcome {
  if (answer.kind === 'accepted') return { status: 'SENT' };
  const failure = answer.cause.slice(0, failureMax);
  if (isPermanent(answer) || tries >= policy.triesMax) return { status: 'FAILED', failure };
  return { status: 'PENDING', delayMs: pauseMs(policy, tries, jitter), failure };
}

/**
 * Whether trying again is useless: the server refused this very mail with 5xx. 530 asks for authentication: that is a
 * fault of our configuration, which somebody will mend.
 */
function isPermanent(answer: Extract<Answer, { kind: 'refused' }>): boolean {
  const { about, replyCode } = answer;
  return about === 'mail' && replyCode !== undefined && replyCode >= 500 && replyCode !== 530;
}

/** Between half and the whole of an exponentially growing pause. */
function pauseMs(policy: RetryPolicy, tries: number, jitter: number): number {
  const longest = Math.min(policy.pauseMaxMs, policy.pauseFirstMs * 2 ** (tries - 1));
  return Math.round(longest * (0.5 + jitter / 2));
}
