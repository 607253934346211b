/** Structured logs. What names a person or opens a door is cut out, wherever it turns up. */
import { pino, type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

const personal = ['email', 'phone', 'name', 'line1', 'line2', 'shippingAddress', 'address'];
const secrets = ['token', 'authorization', 'cookie', 'password', 'apiKey', 'secret', 'signature'];

/** A logger for one service; every line carries the service's name. `destination` defaults to standard output. */
export function createLogger(
  service: string,
  level: string,
  destination?: DestinationStream,
): Logger {
  const paths = [...personal, ...secrets].flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);
  const options = {
    level,
    base: { service },
    redact: { paths, censor: '[cut]' },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  };
  return destination ? pino(options, destination) : pino(options);
}
