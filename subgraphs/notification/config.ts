/** The notification service's configuration; nothing else here reads the environment. */
import { z } from 'zod';
import { milliseconds, port, subgraphVariables } from '@ordergraph/platform/config.ts';
import { parseNamedMailbox } from './domain/mailbox.ts';

const count = z.coerce.number().int().min(1);

export const notificationConfiguration = z.object({
  ...subgraphVariables,
  PORT: port.default(4004),
  SMTP_URL: z
    .url({ protocol: /^smtps?$/, error: 'must be an smtp:// or smtps:// URL' })
    .default('smtp://127.0.0.1:4025'),
  /** Whom mails come from; its domain ends the Message-IDs, so change it only together with the installation. */
  SMTP_FROM: z
    .string()
    .default('Ordergraph <orders@ordergraph.example>')
    .transform((text, context) => {
      const mailbox = parseNamedMailbox(text);
      if (mailbox) return mailbox;
      context.addIssue('must be an address such as Shop <orders@shop.example>');
      return z.NEVER;
    }),
  /** Connections to the mail server, and so mails under way at once. */
  SMTP_CONNECTIONS: count.max(100).default(6),
  /** How often a mail is tried; with the pauses below, 20 tries take a good hour. */
  SMTP_TRIES_MAX: count.max(1_000).default(20),
  SMTP_PAUSE_FIRST_MS: milliseconds.default(2_000),
  SMTP_PAUSE_MAX_MS: milliseconds.default(300_000),
});

export type NotificationConfig = z.infer<typeof notificationConfiguration>;
