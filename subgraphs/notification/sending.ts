/**
 * Sends what is due.
 *
 * Protocol: (1) lease due notifications, which sets their due time to the lease's end and counts a try; (2) hand each to
 * the mail server, as many at once as there are connections; (3) record what became of them, many in one statement.
 * It starts when the consumer has committed, and looks by itself for retries and for what others left behind.
 *
 * A crash before (1) commits leaves the rows due. Between (1) and (2) the lease runs out and another sender takes them;
 * the try stays counted, so that a mail which kills its sender is given up in the end. Between the server's acceptance and
 * (3) the mail is sent again when the lease has run out: SMTP can do no better than at-least-once. Its Message-ID is
 * derived from the notification's id, so the second is the same mail to a receiver that looks. After (3) nothing is left to do.
 *
 * A mail is begun only while its lease covers the longest time that sending it may take; so a sender that was stopped
 * (SIGSTOP) does not send what somebody else has taken over. A clean stop gives unused leases back.
 */
import { performance } from 'node:perf_hooks';
import type { Database } from '@ordergraph/platform/database.ts';
import type { Logger } from '@ordergraph/platform/logger.ts';
import { outcomeOf, type Answer, type RetryPolicy } from './domain/delivery.ts';
import { writeLetter } from './domain/letter.ts';
import { composeMail, type Mail } from './domain/mail.ts';
import type { NamedMailbox } from './domain/mailbox.ts';
import { sendTimeoutMs, type MailServer } from './smtp.ts';
import {
  giveBack,
  leaseDue,
  recordOutcomes,
  type LeasedNotification,
  type LeaseOutcome,
} from './store/delivery-queue.ts';
import type { SendingMetrics } from './metrics.ts';

export type SenderOptions = {
  readonly sql: Database;
  readonly mailServer: MailServer;
  readonly from: NamedMailbox;
  /** How many mails are under way at once. */
  readonly connections: number;
  readonly policy: RetryPolicy;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: SendingMetrics;
  readonly leaseMs?: number;
  readonly pollMs?: number;
};

/** `wake` is a hint that something is due; `stop` finishes the mails under way. */
export type Sender = { wake(): void; stop(): Promise<void> };

const defaultLeaseMs = 90_000;
const defaultPollMs = 1_000;
/** How many mails are leased at once, per connection: enough that none of them waits for the database. */
const leasedPerConnection = 16;
/** Outcomes wait so long for company, in milliseconds; it is also how far a crash reaches back. */
const recordAfterMs = 20;
const recordAtOnce = 128;
/** How long a stopping sender waits for the mails under way, in milliseconds. */
const finishWithinMs = 10_000;
/** How often a stopping sender tries to record; what it cannot is sent again. */
const lastRecordsMax = 3;

const neverSeenThrough: Answer = {
  kind: 'refused',
  about: 'mail',
  replyCode: undefined,
  cause: 'No try of sending it was seen through',
};

export function startSender(options: SenderOptions): Sender {
  const worker = new SenderWorker(options);
  worker.wake();
  return { wake: () => worker.wake(), stop: () => worker.stop() };
}

type Queued = { readonly notification: LeasedNotification; readonly leasedAtMs: number };

class SenderWorker {
  readonly #options: SenderOptions;
  readonly #leaseMs: number;
  readonly #poll: NodeJS.Timeout;
  readonly #queue: Queued[] = [];
  #outcomes: LeaseOutcome[] = [];
  #underWay = 0;
  /** Whether there may be due rows that are not leased. */
  #moreDue = false;
  #leasing: Promise<void> | undefined;
  #recording: Promise<void> | undefined;
  #recordTimer: NodeJS.Timeout | undefined;
  #stopping = false;
  #idle: (() => void) | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? defaultLeaseMs;
    this.#poll = setInterval(() => this.wake(), options.pollMs ?? defaultPollMs);
  }

  wake(): void {
    this.#moreDue = true;
    this.#advance();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#poll);
    await this.#leasing;
    await this.#giveBack(this.#takeQueued());
    await this.#finish();
    clearTimeout(this.#recordTimer);
    await this.#recording;
    for (let i = 0; i < lastRecordsMax && this.#outcomes.length > 0; i += 1) await this.#record();
  }

  /** Waits for the mails under way; one that hangs longer is sent again by whoever leases it next. */
  async #finish(): Promise<void> {
    if (this.#underWay === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, finishWithinMs);
      this.#idle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Begins what can be begun, and leases more before the queue is empty. */
  #advance(): void {
    if (this.#stopping) return;
    const { connections } = this.#options;
    while (this.#underWay < connections) {
      const next = this.#queue.shift();
      if (next === undefined) break;
      this.#underWay += 1;
      void this.#send(next);
    }
    if (this.#queue.length <= connections && this.#moreDue && !this.#leasing) {
      this.#leasing = this.#lease().finally(() => {
        this.#leasing = undefined;
        this.#advance();
      });
    }
  }

  async #lease(): Promise<void> {
    const { sql, connections, logger } = this.#options;
    const limit = connections * leasedPerConnection;
    this.#moreDue = false;
    const leasedAtMs = performance.now();
    try {
      const leased = await leaseDue(sql, { limit, leaseMs: this.#leaseMs });
      for (const notification of leased) this.#queue.push({ notification, leasedAtMs });
      if (leased.length === limit) this.#moreDue = true;
    } catch (error) {
      logger.warn({ err: error }, 'due notifications could not be taken; trying again');
    }
  }

  async #send({ notification, leasedAtMs }: Queued): Promise<void> {
    const leaseLeftMs = leasedAtMs + this.#leaseMs - performance.now();
    if (leaseLeftMs > sendTimeoutMs) await this.#try(notification);
    else await this.#giveBack([notification, ...this.#takeQueued()]);
    this.#underWay -= 1;
    if (this.#underWay === 0) this.#idle?.();
    this.#advance();
  }

  async #try(notification: LeasedNotification): Promise<void> {
    const { policy, random, metrics, logger } = this.#options;
    const { id, tries } = notification;
    const answer = await this.#answerTo(notification);
    const outcome = outcomeOf(answer, policy, { tries, jitter: random() });
    metrics.mails.inc({ outcome: outcome.status });
    if (answer.kind === 'refused') {
      // The cause may repeat the address, so only the reply's number is logged.
      const { about, replyCode } = answer;
      logger.warn(
        { notification: id, tries, about, replyCode, outcome: outcome.status },
        'a mail was refused',
      );
    }
    this.#outcomes.push({ id, tries, outcome });
    this.#recordSoon();
  }

  async #answerTo(notification: LeasedNotification): Promise<Answer> {
    const { mailServer, policy, logger } = this.#options;
    if (notification.tries > policy.triesMax) return neverSeenThrough;
    try {
      return await mailServer.send(this.#mailOf(notification));
    } catch (error) {
      logger.error({ err: error, notification: notification.id }, 'a mail could not be written');
      return neverSeenThrough;
    }
  }

  #mailOf(notification: LeasedNotification): Mail {
    const { id, recipient, recipientName, subject, createdAt } = notification;
    return composeMail({
      id,
      from: this.#options.from,
      to: { name: recipientName, mailbox: recipient },
      subject,
      date: createdAt,
      letter: writeLetter(notification),
    });
  }

  #takeQueued(): LeasedNotification[] {
    return this.#queue.splice(0).map(({ notification }) => notification);
  }

  /** Never rejects: leases that cannot be given back run out. */
  async #giveBack(unused: readonly LeasedNotification[]): Promise<void> {
    await giveBack(this.#options.sql, unused).catch((error: unknown) => {
      this.#options.logger.warn({ err: error }, 'leases could not be given back');
    });
  }

  #recordSoon(): void {
    if (this.#recording || this.#stopping) return;
    if (this.#outcomes.length >= recordAtOnce) {
      clearTimeout(this.#recordTimer);
      void this.#record();
    } else if (this.#outcomes.length === 1) {
      this.#recordTimer = setTimeout(() => void this.#record(), recordAfterMs);
    }
  }

  /** Records all outcomes so far; if the database is away they wait. Never rejects. */
  #record(): Promise<void> {
    const outcomes = this.#outcomes;
    this.#outcomes = [];
    if (outcomes.length === 0) return Promise.resolve();
    this.#recording = recordOutcomes(this.#options.sql, outcomes)
      .catch((error: unknown) => {
        this.#options.logger.warn({ err: error }, 'sent mails could not be recorded; trying again');
        this.#outcomes = [...outcomes, ...this.#outcomes];
      })
      .finally(() => {
        this.#recording = undefined;
        if (this.#outcomes.length > 0 && !this.#stopping) {
          this.#recordTimer = setTimeout(() => void this.#record(), recordAfterMs);
        }
      });
    return this.#recording;
  }
}
