/** Where the generated table goes. */
export const LAYOUT = 'core/bpf/layout.gen.ts';

/** A C source whose BTF describes the event; nothing of it is ever loaded. */
export const LAYOUT_PROBE = `
#include "vmlinux-lite.h"
#include "event.h"
#include "step.h"
struct rt_event event;
struct rt_step step;
struct rt_shape shape;
enum rt_step_kind step_kind;
enum rt_step_place step_place;
enum rt_step_has step_has;
enum rt_returns returns;
enum rt_kind kind;
enum rt_direction direction;
enum rt_mechanism mechanism;
enum rt_verdict verdict;
enum rt_reason reason;
`;

const ENUMS = [
  ...['direction', 'mechanism', 'verdict', 'reason'],
  ...['step_kind', 'step_place', 'step_has', 'returns'],
];

const QUALIFIERS = new Set(['CONST', 'VOLATILE', 'TYPEDEF', 'TYPE_TAG']);

function typeTable(types) {
  const byId = new Map(types.map((type) => [type.id, type]));
  const bare = (id) => {
    const type = byId.get(id);
    return QUALIFIERS.has(type?.kind) ? bare(type.type_id) : type;
  };
  const named = (kind, name) => {
    const found = types.find((type) => type.kind === kind && type.name === name);
    if (found === undefined) throw new Error(`expected ${kind} ${name} in the BTF, found none`);
    return found;
  };
  return { bare, named };
}

/** Members as [name, offset in bytes], members of members as outer_inner; padding is left out. */
function members(table, struct, prefix = '', base = 0) {
  return struct.members.flatMap((member) => {
    if (member.bits_offset % 8 !== 0) throw new Error(`${member.name} is a bit field`);
    const offset = base + member.bits_offset / 8;
    const name = `${prefix}${member.name}`;
    const type = table.bare(member.type_id);
    if (type.kind === 'STRUCT') return members(table, type, `${name}_`, offset);
    return member.name === 'pad' ? [] : [[name, offset]];
  });
}

function constant(comment, name, entries) {
  const lines = entries.map(([key, value]) => `  ${key}: ${value},\n`).join('');
  return `/** ${comment} */\nexport const ${name} = {\n${lines}} as const;\n`;
}

const enumEntries = (type) =>
  type.values.map(({ name, val }) => [name.replace(/^RT_/, '').toLowerCase(), val]);

/** The text of core/bpf/layout.gen.ts, from what bpftool says of the probe's BTF. */
export function layoutSource(types) {
  const table = typeTable(types);
  const event = table.named('STRUCT', 'rt_event');
  const step = table.named('STRUCT', 'rt_step');
  const shape = table.named('STRUCT', 'rt_shape');
  return [
    '// Generated from bpf/event.h and bpf/step.h by scripts/build-bpf.js; do not edit.\n',
    `/** sizeof(struct rt_event). */\nexport const RT_EVENT_BYTES = ${event.size};\n`,
    constant('Offsets in struct rt_event, in bytes.', 'RT_EVENT', members(table, event)),
    constant('enum rt_kind.', 'RT_KIND', enumEntries(table.named('ENUM', 'rt_kind'))),
    ...ENUMS.map((name) =>
      constant(
        `enum rt_${name}.`,
        `RT_${name.toUpperCase()}`,
        enumEntries(table.named('ENUM', `rt_${name}`)),
      ),
    ),
    `/** sizeof(struct rt_step). */\nexport const RT_STEP_BYTES = ${step.size};\n`,
    constant('Offsets in struct rt_step, in bytes.', 'RT_STEP', members(table, step)),
    `/** sizeof(struct rt_shape). */\nexport const RT_SHAPE_BYTES = ${shape.size};\n`,
    constant('Offsets in struct rt_shape, in bytes.', 'RT_SHAPE', members(table, shape)),
  ].join('\n');
}
