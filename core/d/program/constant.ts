import type { RouteEvent } from '../../event.js';
import type { Expression } from '../ast.js';
import { compileExpression } from '../compile.js';
import { CONSTANTS } from '../constants.js';
import { DError } from '../d-error.js';
import type { Integer } from '../integer.js';
import type { Scope } from '../scope.js';
import { integerOf } from '../typed.js';

/** A constant's reader looks at no event. */
const NO_EVENT = undefined as unknown as RouteEvent;

/** The value of an expression that every event gives alike. Throws a DError for every other. */
export function constantInteger(node: Expression, scope: Scope): Integer {
  const changing = firstVariable(node);
  if (changing !== null) throw new DError(changing.at, 'a constant', 'what events change');
  return integerOf(compileExpression(node, scope), node)(NO_EVENT);
}

function firstVariable(node: Expression): Expression | null {
  switch (node.kind) {
    case 'integer':
    case 'macro':
    case 'sizeof':
      return null;
    case 'name':
      return CONSTANTS.has(node.name) ? null : node;
    case 'unary':
    case 'cast':
      return firstVariable(node.operand);
    case 'binary':
      return firstVariable(node.left) ?? firstVariable(node.right);
    case 'conditional':
      return firstVariable(node.condition) ?? firstVariable(node.yes) ?? firstVariable(node.no);
    default:
      return node;
  }
}
