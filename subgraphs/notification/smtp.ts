/** The mail server, as a pool of connections. */
import { createTransport } from 'nodemailer';
import type { Answer } from './domain/delivery.ts';
import type { Mail } from './domain/mail.ts';

export type MailServer = {
  /** Hands a mail over. Never rejects: a fault of the connection is an answer like any other. */
  send(mail: Mail): Promise<Answer>;
  close(): void;
};

/** The longest that one mail may take, connecting included, in milliseconds. */
export const sendTimeoutMs = 30_000;
const connectTimeoutMs = 10_000;
const silenceTimeoutMs = 20_000;
/** After so many mails a connection is replaced, so that servers behind a balancer share the work. */
const mailsPerConnectionMax = 1_000;

/** @param url `smtp://` or `smtps://`, with user and password if the server wants them. */
export function openMailServer(url: string, connections: number): MailServer {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: connections,
    maxMessages: mailsPerConnectionMax,
    connectionTimeout: connectTimeoutMs,
    greetingTimeout: connectTimeoutMs,
    dnsTimeout: connectTimeoutMs,
    socketTimeout: silenceTimeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  // The pool also tells the failure to whoever sends; without a listener it would end the process.
  transport.on('error', () => undefined);
  return {
    async send({ from, to, raw, messageId }) {
      // `AbortSignal.timeout` would keep its timer after the mail is sent, and costs 40 µs more.
      const patience = new AbortController();
      const timer = setTimeout(() => patience.abort(), sendTimeoutMs);
      try {
        const { signal } = patience;
        await transport.sendMail({ envelope: { from, to }, raw, messageId, signal });
        return { kind: 'accepted' };
      } catch (error) {
        return refusalOf(error);
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => transport.close(),
  };
}

/** nodemailer's codes for what concerns this mail alone; after them it keeps the connection. */
const aboutTheMail: ReadonlySet<unknown> = new Set(['EENVELOPE', 'EMESSAGE']);

function refusalOf(error: unknown): Answer {
  const {
    code,
    responseCode,
    message,
  }: { code?: unknown; responseCode?: unknown; message?: unknown } =
    error instanceof Error ? error : {};
  return {
    kind: 'refused',
    about: aboutTheMail.has(code) ? 'mail' : 'connection',
    replyCode: typeof responseCode === 'number' ? responseCode : undefined,
    cause: typeof message === 'string' ? message : 'The mail server could not be reached',
  };
}
