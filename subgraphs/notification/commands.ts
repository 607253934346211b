/** What this service does when it is told something. Set-based: a batch is one statement. */
import type { Transaction } from '@ordergraph/platform/database.ts';
import { draftOf, type Notice } from './domain/notice.ts';
import { insertNotifications } from './store/notifications.ts';

/** Writes a notification for each notice that calls for one; a second one for the same thing is dropped. */
export async function notify(tx: Transaction, notices: readonly Notice[]): Promise<void> {
  const drafts = notices.map(draftOf).filter((draft) => draft !== undefined);
  await insertNotifications(tx, drafts);
}
