import { floodOne } from './flood.js';

const PROGRAM =
  'route:::add,route:::delete /args[5]->table == 254/ { @[probename, args[4]->route_gateway_address] = count(); }';

/** What a clause with a predicate and an aggregation adds to an event nobody prints. */
export async function programCost(scene, listener, count) {
  const [node] = listener.args;
  const rows = [
    {
      name: 'monitor, nothing printed',
      args: [node, 'monitor', '--probe', 'losing'],
      ready: 'watching ',
    },
    {
      name: 'a clause with predicate and aggregation',
      args: [node, '-n', PROGRAM],
      ready: 'matched ',
    },
  ];
  const costs = [];
  for (const row of rows) {
    const { cpu } = await floodOne(scene, { ...listener, ...row }, count);
    costs.push((cpu * 1000) / (2 * count));
  }
  const [without = NaN, withProgram = NaN] = costs;
  const text = (microseconds) => `${microseconds.toFixed(2)} µs`;
  return {
    title: `D programs: CPU per event of ${(2 * count).toLocaleString('en')}`,
    head: ['', 'per event'],
    rows: [
      ...rows.map(({ name }, index) => [name, text(costs[index])]),
      ['the clause', text(withProgram - without)],
    ],
  };
}
