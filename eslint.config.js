import rxjsX from 'eslint-plugin-rxjs-x';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const TYPESCRIPT = ['**/*.ts'];
const JAVASCRIPT = ['**/*.js'];
const TESTS = ['test/**'];

const BUILTIN =
  '^(node:|(fs|net|os|dgram|child_process|worker_threads|process|path|url|util)(/|$))';

/** A room may not import these rooms, nor what `modules` matches. */
const room = (folder, others, modules = []) => ({
  files: [`${folder}/**`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `(^|/)\\.\\./(.*/)?(${others.join('|')})(/|\\.js$)`,
            message: `${folder}/ stands before or beside this room: imports go sources → core ← sinks`,
          },
          ...modules,
        ],
      },
    ],
  },
});

/** The arrows between the rooms (docs/architecture.md). */
const ROOMS = [
  room(
    'core',
    ['sources', 'sinks', 'cli', 'open-sink', 'index'],
    [
      {
        regex: BUILTIN,
        message: 'core/ does no I/O: what it needs of the outside is asked through EngineAsk',
      },
    ],
  ),
  room('sources', ['sinks', 'cli', 'open-sink', 'index']),
  room('sinks', ['sources', 'cli', 'open-sink', 'index']),
];

const EXIT = {
  files: ['**/*.ts', 'bin/**', 'scripts/**'],
  ignores: ['cli/exit.ts', 'test/**'],
  rules: {
    'no-restricted-properties': [
      'error',
      { object: 'process', property: 'exit', message: 'only cli/exit.ts ends the process' },
    ],
  },
};

/** Globals of Node that plain JavaScript files use; TypeScript files are checked by the compiler. */
const NODE_GLOBALS = Object.fromEntries(
  [
    'process',
    'Buffer',
    'URL',
    'console',
    'setTimeout',
    'clearTimeout',
    'setInterval',
    'clearInterval',
    'setImmediate',
    'performance',
    'TextEncoder',
    'TextDecoder',
    'AbortController',
    'structuredClone',
    'queueMicrotask',
  ].map((name) => [name, 'readonly']),
);

export default defineConfig(
  {
    ignores: [
      'dist/**',
      'build/**',
      'coverage/**',
      '**/*.gen.js',
      '**/*.gen.d.ts',
      'test/fixtures/**',
    ],
  },
  {
    files: JAVASCRIPT,
    languageOptions: { globals: NODE_GLOBALS },
    rules: {
      eqeqeq: 'error',
      'no-undef': 'error',
      'no-unused-vars': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: TYPESCRIPT,
    extends: [
      ...tseslint.configs.strictTypeChecked,
      ...tseslint.configs.stylisticTypeChecked,
      rxjsX.configs.recommended,
    ],
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // With noUncheckedIndexedAccess a tight loop over typed arrays can't do without one of these two.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // Brackets say that a record may lack the member.
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  ...ROOMS,
  EXIT,
  {
    files: TESTS.map((glob) => `${glob}/*.ts`),
    rules: {
      // What is under test may be sync or async: the contract allows both.
      '@typescript-eslint/await-thenable': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
