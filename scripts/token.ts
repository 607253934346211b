/** `npm run token`: prints a development JWT, one a line for each customer, and nothing else. */
import { parseArgs } from 'node:util';
import { dataDirectory } from './data-location.ts';
import { signDevelopmentToken } from './development-token.ts';
import { loadSecrets } from './secrets.ts';

const usage = `npm run -s token -- --customer NAME [--customer NAME …] [--role staff] [--scope SCOPE …]

Prints a token of the development issuer for each customer, good for 12 hours.
  --customer NAME   whom the token is for (repeatable)
  --role staff      for a staff member instead of a customer
  --scope SCOPE     adds a scope, for example analytics:read (repeatable)
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      customer: { type: 'string', multiple: true },
      role: { type: 'string', default: 'customer' },
      scope: { type: 'string', multiple: true },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const { customer: subjects, role, scope: scopes = [] } = values;
  if (!subjects || subjects.some((subject) => subject === ''))
    throw new Error('Name a --customer.');
  if (role !== 'customer' && role !== 'staff') throw new Error('--role is customer or staff.');
  const secrets = await loadSecrets(dataDirectory(process.env));
  for (const subject of subjects) {
    process.stdout.write(`${await signDevelopmentToken(secrets, { subject, role, scopes })}\n`);
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  process.exitCode = 2;
}
