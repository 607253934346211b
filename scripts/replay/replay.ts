/** `npm run replay`: places the invoices of an Online Retail CSV as orders, through the API, and follows each to its end. */
import { parseArgs } from 'node:util';
import { dataDirectory } from '../data-location.ts';
import { signDevelopmentToken } from '../development-token.ts';
import { loadSecrets } from '../secrets.ts';
import { developmentPorts } from '../stack.ts';
import { Refused } from './api.ts';
import { outcomeOf } from './outcome.ts';
import { OutOfPatience } from './patience.ts';
import { progressOn } from './progress.ts';
import { planFile, UnreadableFile } from './read-file.ts';
import { fileReport, outcomeReport } from './report.ts';
import { replay } from './run.ts';

const usage = `npm run replay -- FILE.csv [--limit N] [--speed N]

Places the invoices of an Online Retail CSV (.csv or .csv.gz) as orders through the GraphQL API of a running
system, follows each by subscription to its end, and compares the revenue of each country with the file's.
A small sample: data/online-retail-sample.csv

  --limit N        only the first N invoices with sales
  --speed N        begin at most N orders a second
  --concurrency N  place N orders at once (32)
  --run NAME       a name of your own for this run. Orders of a run are placed once: running it again resumes it,
                   or shows every order as replayed. By default the name follows from the orders themselves
  --patience S     how long to wait for a server that does not answer, in seconds (60)
  --url URL        the GraphQL endpoint (http://127.0.0.1:4000/graphql; PORT moves it)

Exit code 0 if the system did exactly what the file asks for, 1 on any difference, 2 if called wrongly.
`;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

class WrongCall extends Error {}

type Call = {
  file: string;
  limit: number | undefined;
  speed: number | undefined;
  concurrency: number;
  run: string | undefined;
  patienceMs: number;
  url: string;
};

async function main(call: Call, environment: NodeJS.ProcessEnv): Promise<number> {
  const plan = await planFile(call.file, call.limit);
  say(`${fileReport(plan)}\n`);
  if (plan.orders.length === 0) throw new UnreadableFile(`${call.file} has no sales to replay.`);
  const run = call.run ?? plan.digest;
  say(`Run ${run} on ${call.url}\n`);
  const token = await signDevelopmentToken(await loadSecrets(dataDirectory(environment)), {
    subject: 'replay',
    role: 'staff',
    scopes: ['orders:override-price'],
  });
  const progress = progressOn(process.stdout);
  const result = await replay(plan, {
    url: call.url,
    token,
    run,
    progress,
    concurrency: call.concurrency,
    patienceMs: call.patienceMs,
    ...(call.speed === undefined ? {} : { ordersPerSecondMax: call.speed }),
  }).finally(() => progress.done());
  const outcome = outcomeOf(plan, result);
  say(`\n${outcomeReport(outcome)}`);
  return outcome.differences.length === 0 ? 0 : 1;
}

/** Undefined if only the usage was asked for. @throws WrongCall */
function readCall(args: readonly string[], environment: NodeJS.ProcessEnv): Call | undefined {
  const { values, positionals } = parsed(args);
  if (values.help) return undefined;
  const [file, ...rest] = positionals;
  if (file === undefined || rest.length > 0) throw new WrongCall('Name one file.');
  if (values.run !== undefined && !/^[\w.-]{1,100}$/.test(values.run)) {
    throw new WrongCall('--run takes 1 to 100 letters, digits, dots, dashes and underscores.');
  }
  const port = environment['PORT'] ?? String(developmentPorts.router);
  const url = values.url ?? `http://127.0.0.1:${port}/graphql`;
  if (!/^https?:/.test(url) || !URL.canParse(url)) {
    throw new WrongCall('--url takes an http:// or https:// URL.');
  }
  return {
    file,
    url,
    run: values.run,
    limit: wholeNumber('limit', values.limit),
    speed: wholeNumber('speed', values.speed),
    concurrency: wholeNumber('concurrency', values.concurrency, 512) ?? 32,
    patienceMs: 1_000 * (wholeNumber('patience', values.patience) ?? 60),
  };
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        limit: text,
        speed: text,
        concurrency: text,
        run: text,
        patience: text,
        url: text,
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new WrongCall(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function wholeNumber(
  name: string,
  text: string | undefined,
  max = 1_000_000_000,
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= max) return value;
  throw new WrongCall(`--${name} takes a whole number from 1 to ${max}.`);
}

try {
  const call = readCall(process.argv.slice(2), process.env);
  if (call) process.exitCode = await main(call, process.env);
  else process.stdout.write(usage);
} catch (error) {
  if (error instanceof WrongCall) {
    process.stderr.write(`${error.message}\n\n${usage}`);
    process.exitCode = 2;
  } else if (error instanceof UnreadableFile) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  } else {
    const words = error instanceof Error ? error.message : String(error);
    const isKnown = error instanceof Refused || error instanceof OutOfPatience;
    const hint = error instanceof OutOfPatience ? '\nRun the same command again to resume it.' : '';
    process.stderr.write(`\n${isKnown ? words : `The replay failed: ${words}`}${hint}\n`);
    process.exitCode = 1;
  }
}
