import type { StoredMail } from './stored-mail.ts';

export type MailboxLimits = { readonly mailsMax: number; readonly bytesMax: number };

export type MailPage = {
  readonly mails: readonly StoredMail[];
  readonly nextBefore: string | null;
};

export type MailQuery = {
  readonly to: string;
  readonly limit: number;
  readonly before?: string | undefined;
};

export type Mailbox = {
  /** Takes a mail in and returns those that had to go for it, oldest first. */
  add(mail: StoredMail): readonly StoredMail[];
  find(id: string): StoredMail | undefined;
  /** In order of arrival. */
  all(): readonly StoredMail[];
  /** Newest first; `before` is the id that the last page ended with. */
  page(query: MailQuery): MailPage;
  count(to: string): number;
  /** Every mail that ever came, those let go included. */
  received(): number;
};

/** A whole address matches itself only, so that anna@ does not find joanna@; anything else matches as a part. */
function recipientFilter(to: string): (mail: StoredMail) => boolean {
  const wanted = to.trim().toLowerCase();
  if (wanted === '') return () => true;
  if (/^[^@]+@[^@]+$/.test(wanted))
    return (mail) => mail.to.some((address) => address.toLowerCase() === wanted);
  return (mail) => mail.to.some((address) => address.toLowerCase().includes(wanted));
}

/** Mails in memory, never more than the limits allow: the oldest make room. */
export function createMailbox({ mailsMax, bytesMax }: MailboxLimits): Mailbox {
  const mails: StoredMail[] = [];
  let bytes = 0;
  let received = 0;

  return {
    add(mail) {
      // Two mails that came together may be kept in the other order; their ids tell which came first.
      const position = mails.findLastIndex((earlier) => earlier.id < mail.id) + 1;
      mails.splice(position, 0, mail);
      bytes += mail.sizeBytes;
      received += 1;
      const removed: StoredMail[] = [];
      while (mails.length > 1 && (mails.length > mailsMax || bytes > bytesMax)) {
        const oldest = mails.shift();
        if (oldest === undefined) break;
        bytes -= oldest.sizeBytes;
        removed.push(oldest);
      }
      return removed;
    },
    find: (id) => mails.find((mail) => mail.id === id),
    all: () => mails.slice(),
    page({ to, limit, before }) {
      const matches = recipientFilter(to);
      const found = mails
        .filter((mail) => (before === undefined || mail.id < before) && matches(mail))
        .toReversed();
      const page = found.slice(0, limit);
      return { mails: page, nextBefore: found.length > limit ? (page.at(-1)?.id ?? null) : null };
    },
    count: (to) => mails.filter(recipientFilter(to)).length,
    received: () => received,
  };
}
