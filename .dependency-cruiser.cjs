/** The direction of the house (docs in CONTRIBUTING.md). `npm run direction` fails when it sees no modules. */
module.exports = {
  forbidden: [
    {
      name: 'domain-is-pure',
      comment: 'domain imports zod and itself',
      severity: 'error',
      from: { path: '^domain/' },
      to: { pathNot: ['^domain/', '^node_modules/zod/'] },
    },
    {
      name: 'kernel-is-a-leaf',
      severity: 'error',
      from: { path: '^domain/kernel/' },
      to: { path: '^domain/(?!kernel/)' },
    },
    {
      name: 'lifecycles-share-only-facts',
      comment:
        'a lifecycle sees other lifecycles’ events.ts only; ids, codes, calendar, the feed’s words and kernel are common ground',
      severity: 'error',
      from: { path: '^domain/([^/]+)/', pathNot: '^domain/(processes|kernel|calendar|codes|feed)/' },
      to: {
        path: '^domain/([^/]+)/',
        pathNot: ['^domain/$1/', '^domain/(kernel|feed|calendar|codes|feed)/', '^domain/[^/]+/events\\.ts$'],
      },
    },
    {
      name: 'projections-see-facts-only',
      severity: 'error',
      from: { path: '^projections/' },
      to: {
        path: '^(src|infra|test|domain)/',
        pathNot: [
          '^domain/(kernel|codes|calendar|feed)/',
          '^domain/(events|ids)\\.ts$',
          '^domain/[^/]+/events\\.ts$',
        ],
      },
    },
    {
      name: 'infra-knows-no-lifecycle',
      severity: 'error',
      from: { path: '^infra/' },
      to: { path: '^(src|projections|test|domain/(?!kernel/))' },
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { path: '^(src|domain|projections|infra)/' },
      to: { path: '^test/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
}
