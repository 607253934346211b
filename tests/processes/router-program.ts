/** A further router before a system's services, as a process of its own. */
import { fileURLToPath } from 'node:url';
import { freePorts } from '@ordergraph/scripts/embedded/ports.ts';
import type { TestSystem } from '../environment.ts';
import { routerEnvironment } from '../router-environment.ts';
import { runProgram, type RunningProgram } from './running-program.ts';

export type RouterProgram = { readonly url: string; readonly program: RunningProgram };

export async function runRouter(system: TestSystem): Promise<RouterProgram> {
  const [port = 0] = await freePorts(1);
  const origin = `http://127.0.0.1:${port}`;
  const program = await runProgram({
    name: `router-${port}`,
    file: fileURLToPath(new URL('../../router/main.ts', import.meta.url)),
    environment: { ...(await routerEnvironment(system)), PORT: String(port) },
    readyUrl: `${origin}/health/ready`,
    logsDir: system.dataDir,
  });
  return { url: `${origin}/graphql`, program };
}
