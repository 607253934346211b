/** Structured logs. What names a person or opens a door is cut out, wherever it turns up. */
import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

const personal = ['email', 'phone', 'name', 'line1', 'line2', 'shippingAddress', 'address'];
const secrets = ['token', 'authorization', 'cookie', 'password', 'apiKey', 'secret', 'signature'];
/** Where PostgreSQL's errors quote the row that failed. */
const quotes = ['detail', 'where'];
const unwanted: ReadonlySet<string> = new Set([...personal, ...secrets, ...quotes]);

const censor = '[cut]';
/** What lies deeper is cut whole. */
const depthMax = 8;

/** A logger for one service; every line carries the service's name. `destination` defaults to standard output. */
export function createLogger(
  service: string,
  level: string,
  destination?: DestinationStream,
): Logger {
  const options = {
    level,
    base: { service },
    formatters: { log: (fields: Record<string, unknown>) => cutFields(fields, depthMax) },
    // Fields of child loggers do not come by the formatter.
    redact: { paths: [...unwanted].flatMap((key) => [key, `*.${key}`]), censor },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  };
  return destination ? pino(options, destination) : pino(options);
}

function cutFields(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      unwanted.has(key) ? censor : cut(value, depth - 1),
    ]),
  );
}

function cut(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth <= 0) return censor;
  if (value instanceof Error) return cutFields(stdSerializers.err(value), depth);
  if (Array.isArray(value)) return value.map((item: unknown) => cut(item, depth - 1));
  // Dates and the like say themselves how they are written.
  return 'toJSON' in value ? value : cutFields(value, depth);
}
