/**
 * Where the configuration comes from: the command line before the environment, that before a file. The file is JSON with
 * the same names in camel case, `{ "supergraphFile": "…", "port": 4000, "subgraphUrls": { "a": "http://…" } }`.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Environment } from '@ordergraph/platform/config.ts';
import type { ServiceDefinition } from '@ordergraph/platform/service.ts';
import { routerConfiguration } from './config.ts';
import { isRecord } from './request.ts';
import { routerService } from './service.ts';

export type RouterCommand = {
  readonly definition: ServiceDefinition<typeof routerConfiguration>;
  readonly environment: Environment;
};

/**
 * Reads `[--supergraph FILE] [--config FILE]`. Whatever is wrong with it is told by the definition when it is started,
 * together with the faults of the configuration itself.
 */
export function routerCommand(args: readonly string[], environment: Environment): RouterCommand {
  const faults: string[] = [];
  const { supergraph, config } = options(args, faults);
  const fromFile = config === undefined ? {} : variablesIn(config, faults);
  return {
    environment: {
      ...fromFile,
      ...environment,
      ...(supergraph === undefined ? {} : { SUPERGRAPH_FILE: supergraph }),
    },
    definition: { ...routerService, configuration: withFaults(faults) },
  };
}

function withFaults(faults: readonly string[]): typeof routerConfiguration {
  return faults.reduce(
    (schema, error) => schema.refine(() => false, { error, when: () => true }),
    routerConfiguration,
  );
}

type Options = { readonly supergraph?: string; readonly config?: string };

function options(args: readonly string[], faults: string[]): Options {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { supergraph: { type: 'string' }, config: { type: 'string' } },
    });
    return values;
  } catch (error) {
    const message = error instanceof Error ? error.message : 'unreadable';
    faults.push(`the command line: ${message} (known are --supergraph FILE and --config FILE)`);
    return {};
  }
}

function variablesIn(file: string, faults: string[]): Environment {
  const given = contentOf(file);
  if (!isRecord(given)) {
    faults.push(`--config: ${file} cannot be read as a JSON object`);
    return {};
  }
  const known = new Map(
    Object.keys(routerConfiguration.shape).map((name) => [camelCase(name), name]),
  );
  const unknown = Object.keys(given).filter((key) => !known.has(key));
  faults.push(...unknown.map((key) => `--config: there is no setting "${key}"`));
  return Object.fromEntries(
    Object.entries(given).flatMap(([key, value]) => {
      const name = known.get(key);
      return name === undefined || value === null ? [] : [[name, textOf(value)]];
    }),
  );
}

function contentOf(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** As the environment would have it: lists of words with commas, other structures as JSON. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const isWords = Array.isArray(value) && value.every((word) => typeof word === 'string');
  return isWords ? value.join(',') : JSON.stringify(value);
}

function camelCase(name: string): string {
  return name.toLowerCase().replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
