import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

test('what is not said has its documented default', () => {
  expect(readConfig({})).toEqual({
    smtpPort: 4025,
    webPort: 4026,
    host: '127.0.0.1',
    maxMails: 5000,
  });
});

test('all faults are reported together, each with its variable', () => {
  const faulty = { SMTP_SINK_PORT: 'x', SMTP_SINK_WEB_PORT: '99999', SMTP_SINK_MAX_MAILS: '0' };
  expect(() => readConfig(faulty)).toThrow(
    /SMTP_SINK_PORT[^]*SMTP_SINK_WEB_PORT[^]*SMTP_SINK_MAX_MAILS/,
  );
});
