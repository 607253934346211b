/** The ports of `npm start`: which they are, and whether they are free. */
import { ConfigurationError, type Environment } from '@ordergraph/platform/config.ts';
import { portIsFree } from './embedded/ports.ts';
import { developmentPorts, type StackPorts } from './stack.ts';

const portMax = 65_535;

/**
 * `PORT` moves the router. `SERVICES_PORT` moves all others, which keep their distances: it is where the first of them
 * listens, order.
 * @throws ConfigurationError naming every variable at fault
 */
export function startPorts(environment: Environment): StackPorts {
  const { router, ...others } = developmentPorts;
  const reach = Math.max(...Object.values(others)) - others.order;
  const wanted = [
    { name: 'PORT', port: Number(environment['PORT'] || router), max: portMax },
    {
      name: 'SERVICES_PORT',
      port: Number(environment['SERVICES_PORT'] || others.order),
      max: portMax - reach,
    },
  ];
  const faults = wanted.flatMap(({ name, port, max }) =>
    Number.isInteger(port) && port >= 1 && port <= max
      ? []
      : [`${name}: must be a whole number from 1 to ${max}`],
  );
  if (faults.length > 0) throw new ConfigurationError(faults);
  const [routerPort = router, orderPort = others.order] = wanted.map(({ port }) => port);
  const moved = Object.entries(others).map(([name, port]) => [
    name,
    port - others.order + orderPort,
  ]);
  return { ...developmentPorts, ...Object.fromEntries(moved), router: routerPort };
}

/** Tries all ports before anything starts. @throws Error naming all that are taken */
export async function refuseTakenPorts(ports: StackPorts): Promise<void> {
  const taken: string[] = [];
  for (const [name, port] of Object.entries(ports)) {
    if (await portIsFree(port)) continue;
    const variable = name === 'router' ? 'PORT moves the router' : 'SERVICES_PORT moves it';
    taken.push(`port ${port}, which the ${name} needs, is taken; ${variable}`);
  }
  if (taken.length === 0) return;
  throw new Error(
    `${taken.join('\n')}\nStop what listens there (lsof -i :PORT shows it), then start again.`,
  );
}
