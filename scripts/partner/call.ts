/** What `npm run partner` is asked to do. */
import { parseArgs } from 'node:util';

export const usage = `npm run -s partner -- COMMAND …

Partners call the router with an API key and run the operations that they have published, and no others.

  add NAME [--scope SCOPE …] [--plan PLAN]   a new partner; prints its API key, once, as the last line
  list                                       all partners, with their keys' first parts
  rotate NAME [--overlap 24h]                a further key, printed as the last line; older ones end after the overlap
                                             (0, or a number with s, m, h or d)
  revoke NAME [--key PREFIX]                 ends a partner with all its keys, or one key, at once
  restore NAME                               lets a revoked partner call again; prints a new key as the last line
  publish NAME MANIFEST.json                 serves a manifest in place of the present one, if all of it is valid:
                                             Apollo's persisted query manifest, version 1, or Relay's { hash: text }
  rollback NAME [--to VERSION]               serves an earlier manifest again
  manifests NAME                             the versions published
  usage NAME [--days 30]                     which operations and fields a partner uses
  usage --field Type.field [--days 30]       who uses a field
  check                                      whether the API serves all that partners have published

  DATA_DIR, DATABASE_URL, NATS_PREFIX, INTERNAL_SECRET as for npm run invariants
  SUPERGRAPH_FILE, OPERATION_LIMITS          as for the router, if it was given other than the usual ones
`;

export type Call =
  | { command: 'help' }
  | { command: 'list' | 'check' }
  | { command: 'add'; name: string; scopes: readonly string[]; plan: string }
  | { command: 'rotate'; name: string; overlapSeconds: number }
  | { command: 'revoke'; name: string; key: string | undefined }
  | { command: 'restore' | 'manifests'; name: string }
  | { command: 'publish'; name: string; file: string }
  | { command: 'rollback'; name: string; version: number | undefined }
  | { command: 'usage'; name: string; days: number }
  | { command: 'field-usage'; field: string; days: number };

/** Thrown for a call that makes no sense. */
export class WrongCall extends Error {}

type Values = ReturnType<typeof parsed>['values'];

const optionsOf: Readonly<Record<string, readonly (keyof Values)[]>> = {
  add: ['scope', 'plan'],
  rotate: ['overlap'],
  revoke: ['key'],
  rollback: ['to'],
  usage: ['days', 'field'],
};

/** @throws WrongCall */
export function readCall(args: readonly string[]): Call {
  const { values, positionals } = parsed(args);
  const [command, ...rest] = positionals;
  if (values.help) return { command: 'help' };
  if (command === undefined) throw new WrongCall('Say what to do.');
  const foreign = Object.keys(values).find(
    (name) => !optionsOf[command]?.some((own) => own === name),
  );
  if (foreign) throw new WrongCall(`${command} does not take --${foreign}.`);
  const words = (...names: string[]): string[] => {
    if (rest.length === names.length) return rest;
    throw new WrongCall(`Say ${[command, ...names].join(' ')}.`);
  };
  switch (command) {
    case 'list':
    case 'check':
      words();
      return { command };
    case 'add': {
      const scopes = (values.scope ?? []).map(scope);
      return { command, name: partnerName(words('NAME')), scopes, plan: values.plan ?? 'partner' };
    }
    case 'rotate':
      return {
        command,
        name: partnerName(words('NAME')),
        overlapSeconds: seconds(values.overlap ?? '24h'),
      };
    case 'revoke':
      return {
        command,
        name: partnerName(words('NAME')),
        key: values.key && keyPrefix(values.key),
      };
    case 'restore':
    case 'manifests':
      return { command, name: partnerName(words('NAME')) };
    case 'publish': {
      const [name = '', file = ''] = words('NAME', 'MANIFEST.json');
      return { command, name: partnerName([name]), file };
    }
    case 'rollback': {
      const version = values.to === undefined ? undefined : count('to', values.to);
      return { command, name: partnerName(words('NAME')), version };
    }
    case 'usage': {
      const days = count('days', values.days ?? '30');
      if (values.field === undefined) return { command, name: partnerName(words('NAME')), days };
      words();
      return { command: 'field-usage', field: values.field, days };
    }
    default:
      throw new WrongCall(`There is no command ${command}.`);
  }
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        scope: { type: 'string', multiple: true },
        plan: text,
        overlap: text,
        key: text,
        to: text,
        days: text,
        field: text,
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new WrongCall(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function partnerName([name = '']: readonly string[]): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) return name;
  throw new WrongCall(
    'A NAME has up to 63 letters, digits, dots, _ and -, and begins with a letter or digit.',
  );
}

function scope(text: string): string {
  if (/^[\x21-\x7e]{1,100}$/.test(text)) return text;
  throw new WrongCall(
    'A --scope is one word, such as analytics:read; give the option once for each.',
  );
}

/** A prefix, also out of a whole key. */
function keyPrefix(text: string): string {
  const prefix = /^(?:ogk_)?([0-9a-f]{12})(?:_.*)?$/.exec(text)?.[1];
  if (prefix) return prefix;
  throw new WrongCall('--key is the first part of a key, as list shows it.');
}

function count(name: string, text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new WrongCall(`--${name} is a number from 1.`);
}

const secondsPer: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const overlapMaxSeconds = 90 * 86_400;

function seconds(text: string): number {
  const [, number, unit = 's'] = /^(\d{1,7})([smhd])?$/.exec(text) ?? [];
  const given = Number(number) * (secondsPer[unit] ?? 1);
  if (number !== undefined && given <= overlapMaxSeconds) return given;
  throw new WrongCall('--overlap is 0 or a time such as 30m, 24h or 7d, at most 90d.');
}
