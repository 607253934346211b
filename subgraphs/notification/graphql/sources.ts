/** What resolvers are given as parents. */
import type { Connection } from '@ordergraph/platform/keyset.ts';
import type { StoredNotification } from '../store/notifications.ts';

export type NotificationSource = StoredNotification;
export type NotificationConnectionSource = Connection<NotificationSource>;
/** An order of the order service, known here by its id only. */
export type OrderStub = { readonly id: string };
