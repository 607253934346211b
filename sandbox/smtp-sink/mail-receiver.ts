import { SMTPServer, type SMTPServerDataStream, type SMTPServerEnvelope } from 'smtp-server';

const mailBytesMax = 10 * 1024 * 1024;
const clientsMax = 500;
const stopGraceMs = 500;

export type IncomingMail = {
  readonly from: string;
  readonly to: readonly string[];
  readonly bytes: Buffer;
};

export type MailReceiverOptions = {
  readonly port: number;
  readonly host: string;
  /** Keeps the mail; the client hears 250 when it returned and 451 when it threw. */
  readonly onMail: (mail: IncomingMail) => void;
  /** An SMTP code (400 to 599) for recipients to refuse. */
  readonly reject: (recipient: string) => number | undefined;
  readonly log: (line: string) => void;
};

const smtpError = (responseCode: number, message: string): Error =>
  Object.assign(new Error(message), { responseCode });

async function readMail(stream: SMTPServerDataStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes <= mailBytesMax) chunks.push(chunk);
  }
  if (stream.sizeExceeded || bytes > mailBytesMax) throw smtpError(552, 'The mail is too large');
  return Buffer.concat(chunks);
}

/** An SMTP server that takes every mail, any login and no TLS. Resolves once it listens. */
export async function startMailReceiver(
  options: MailReceiverOptions,
): Promise<{ port: number; stop(): Promise<void> }> {
  const { onMail, reject, log } = options;

  async function keep(
    stream: SMTPServerDataStream,
    { mailFrom, rcptTo }: SMTPServerEnvelope,
    tellClient: (refusal?: Error | null) => void,
  ): Promise<void> {
    try {
      const bytes = await readMail(stream);
      const from = mailFrom === false ? '' : mailFrom.address;
      onMail({ from, to: rcptTo.map(({ address }) => address), bytes });
      tellClient();
    } catch (error) {
      log(`smtp: mail refused: ${String(error)}`);
      const isOurs = error instanceof Error && 'responseCode' in error;
      tellClient(isOurs ? error : smtpError(451, 'Could not keep the mail'));
    }
  }

  const smtp = new SMTPServer({
    name: 'smtp-sink',
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    size: mailBytesMax,
    maxClients: clientsMax,
    closeTimeout: stopGraceMs,
    onAuth: (login, _session, callback) => callback(null, { user: login.username ?? 'anyone' }),
    onRcptTo({ address }, _session, callback) {
      const code = reject(address);
      callback(
        code === undefined ? null : smtpError(code, 'This sink was told to refuse that recipient'),
      );
    },
    onData: (stream, { envelope }, tellClient) => void keep(stream, envelope, tellClient),
  });

  const listening = Promise.withResolvers<number>();
  smtp.on('error', (error) => {
    listening.reject(error);
    log(`smtp: ${error.message}`);
  });
  const server = smtp.listen(options.port, options.host, () => {
    const address = server.address();
    listening.resolve(
      typeof address === 'object' && address !== null ? address.port : options.port,
    );
  });
  const port = await listening.promise;
  return { port, stop: () => new Promise((resolve) => smtp.close(() => resolve())) };
}
