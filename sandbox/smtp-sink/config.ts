import { createEnvironmentReader, type Environment } from '../environment.ts';
import type { SmtpSinkOptions } from './server.ts';

/** What the environment asks for. Throws a `ConfigurationError` that names every faulty variable. */
export function readConfig(environment: Environment): SmtpSinkOptions {
  const read = createEnvironmentReader(environment);
  const mailDir = read.optionalText('SMTP_SINK_MAIL_DIR');
  const options: SmtpSinkOptions = {
    smtpPort: read.integer('SMTP_SINK_PORT', { fallback: 4025, min: 0, max: 65_535 }),
    webPort: read.integer('SMTP_SINK_WEB_PORT', { fallback: 4026, min: 0, max: 65_535 }),
    host: read.text('HOST', '127.0.0.1'),
    maxMails: read.integer('SMTP_SINK_MAX_MAILS', { fallback: 5000, min: 1, max: 1_000_000 }),
    ...(mailDir === undefined ? {} : { mailDir }),
  };
  read.finish();
  return options;
}
