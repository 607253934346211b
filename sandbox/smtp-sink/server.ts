import { httpUrl, listen, stopListening } from '../listening.ts';
import { createMailbox } from './mailbox.ts';
import { openMailDirectory } from './mail-directory.ts';
import { startMailReceiver, type IncomingMail } from './mail-receiver.ts';
import { createStoredMail, type StoredMail } from './stored-mail.ts';
import { createWebServer } from './web-server.ts';

export type SmtpSinkOptions = {
  /** 0 takes any free port, here and for the web view. */
  smtpPort: number;
  webPort: number;
  /** 127.0.0.1 unless told otherwise. */
  host?: string;
  /** Where mails survive a restart, one `.eml` file each; without it they live in memory only. */
  mailDir?: string;
  /** The newest so many are kept: 5,000. */
  maxMails?: number;
  /** For tests of failing mail: an SMTP code (400 to 599) for recipients to refuse, nothing for the others. */
  reject?: (recipient: string) => number | undefined;
  log?: (line: string) => void;
};

export type RunningSmtpSink = {
  smtpPort: number;
  webPort: number;
  /** Of the web view. */
  url: string;
  /** The kept mails in order of arrival. */
  mails(): readonly StoredMail[];
  stop(): Promise<void>;
};

const mailboxBytesMax = 256 * 1024 * 1024;
const stopGraceMs = 500;

/** Ids that sort by arrival, even when the clock steps back or many mails come in one millisecond. */
function createMailIds(): () => string {
  let lastMs = 0;
  let inThisMs = 0;
  return () => {
    const nowMs = Math.max(Date.now(), lastMs);
    inThisMs = nowMs === lastMs ? inThisMs + 1 : 0;
    lastMs = nowMs;
    return `${nowMs}-${String(inThisMs).padStart(6, '0')}`;
  };
}

/** Starts the SMTP sink and its web view and resolves once both answer. Rejects when a port is taken. */
export async function startSmtpSink(options: SmtpSinkOptions): Promise<RunningSmtpSink> {
  const {
    host = '127.0.0.1',
    mailDir,
    maxMails = 5000,
    reject = () => undefined,
    log = () => undefined,
  } = options;
  const mailbox = createMailbox({ mailsMax: maxMails, bytesMax: mailboxBytesMax });
  const directory = mailDir === undefined ? undefined : openMailDirectory(mailDir);
  for (const mail of directory?.load(maxMails) ?? []) mailbox.add(mail);
  const newId = createMailIds();

  function onMail({ from, to, bytes }: IncomingMail): void {
    const envelope = { id: newId(), receivedAt: new Date().toISOString(), from, to };
    directory?.save(envelope, bytes);
    const removed = mailbox.add(createStoredMail(envelope, bytes));
    directory?.remove(removed.map(({ id }) => id));
  }

  const web = createWebServer(mailbox, log);
  const webPort = await listen(web, options.webPort, host);
  try {
    const receiver = await startMailReceiver({ port: options.smtpPort, host, onMail, reject, log });
    return {
      smtpPort: receiver.port,
      webPort,
      url: httpUrl(host, webPort),
      mails: () => mailbox.all(),
      async stop() {
        await Promise.all([receiver.stop(), stopListening(web, stopGraceMs)]);
      },
    };
  } catch (error) {
    await stopListening(web, 0);
    throw error;
  }
}
