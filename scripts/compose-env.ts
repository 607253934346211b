/**
 * Prints the .env with which docker-compose.yml runs: the secrets of the installation in DATA_DIR, made at the first call,
 * so that `npm run token`, `npm run invariants` and `npm run dead-letters` know them too.
 */
import { composeVariables } from './compose-variables.ts';
import { dataDirectory } from './data-location.ts';
import { loadSecrets } from './secrets.ts';

const usage = `npx node scripts/compose-env.ts > .env

Prints the secrets for docker compose, a line each. The same DATA_DIR gives the same secrets.

  DATA_DIR   where they are kept, instead of .data
`;

async function main(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  if (args.length > 0) {
    process.stdout.write(usage);
    return args[0] === '--help' ? 0 : 2;
  }
  try {
    const variables = composeVariables(await loadSecrets(dataDirectory(environment)));
    for (const [name, value] of Object.entries(variables)) {
      process.stdout.write(`${name}=${value}\n`);
    }
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2), process.env);
