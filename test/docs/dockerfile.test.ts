import t from 'tap'
import { configured, isThere, textOf } from './compose-file.ts'

type Step = readonly [instruction: string, rest: string]

const stepsIn = (text: string): readonly Step[] =>
  text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [instruction = '', ...rest] = line.trim().split(/\s+/)
      return [instruction, rest.join(' ')]
    })

const all = (steps: readonly Step[], wanted: string) =>
  steps.filter(([instruction]) => instruction === wanted).map(([, rest]) => rest)
const lastStage = (steps: readonly Step[]) => steps.slice(steps.findLastIndex(([word]) => word === 'FROM'))

/** Of the build's context, not of another stage. */
const copied = (steps: readonly Step[]): readonly string[] =>
  all(steps, 'COPY')
    .filter((rest) => !rest.startsWith('--from='))
    .flatMap((rest) => rest.split(' ').slice(0, -1))

/** The ignore file lets nothing through but what it names. */
const letThrough = (text: string): readonly string[] => {
  const [first, ...rest] = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  if (first !== '*') throw new Error('.dockerignore is to begin with *')
  return rest.map((line) => line.replace(/^!/, ''))
}

const INSTALLERS = /apt-get|apk |npm (ci|install|i) |g\+\+|\bmake\b|python3|curl|wget/

type Files = { readonly dockerfile: string; readonly ignore: string }
type Rule = { readonly of: (files: Files) => readonly string[]; readonly spoil: (files: Files) => Files }

const edit = (from: string | RegExp, to: string) => (files: Files) => ({
  ...files,
  dockerfile: files.dockerfile.replace(from, to),
})

const rules: Readonly<Record<string, Rule>> = {
  'every stage stands on one and the same version': {
    of: ({ dockerfile }) => {
      const bases = all(stepsIn(dockerfile), 'FROM').map((rest) => rest.split(' ')[0] ?? '')
      return [...new Set(bases)].filter((base, i) => i > 0 || !/^node:\d+\.\d+\.\d+-\w+-slim$/.test(base))
    },
    spoil: edit(/FROM node:[^ \n]+ AS/, 'FROM node:latest AS'),
  },
  'it runs as somebody who is not root': {
    of: ({ dockerfile }) => {
      const user = all(lastStage(stepsIn(dockerfile)), 'USER').at(-1) ?? 'root'
      return /^[1-9]\d*:[1-9]\d*$/.test(user) ? [] : [user]
    },
    spoil: edit(/^USER .*$/m, 'USER root'),
  },
  'what is copied is there': {
    of: ({ dockerfile }) => copied(stepsIn(dockerfile)).filter((path) => !isThere(path)),
    spoil: edit('COPY src ./src', 'COPY source ./src'),
  },
  'what is copied is let through, and nothing else is': {
    of: ({ dockerfile, ignore }) => {
      const wanted = new Set(copied(stepsIn(dockerfile)))
      const through = new Set(letThrough(ignore))
      return [...wanted]
        .filter((one) => !through.has(one))
        .concat([...through].filter((one) => !wanted.has(one)))
    },
    spoil: (files) => ({ ...files, ignore: `${files.ignore}!data\n` }),
  },
  'every folder that the program imports from is copied, but the tests': {
    of: ({ dockerfile }) => {
      const { imports } = JSON.parse(textOf('package.json')) as { imports: Record<string, string> }
      const folders = Object.values(imports).map((path) => path.slice(2, -2))
      const there = copied(lastStage(stepsIn(dockerfile)))
      return folders.filter((folder) => there.includes(folder) === (folder === 'test'))
    },
    spoil: edit('COPY domain ./domain\n', ''),
  },
  'the program that is started is copied': {
    of: ({ dockerfile }) => {
      const steps = lastStage(stepsIn(dockerfile))
      const [runtime, script = ''] = JSON.parse(all(steps, 'CMD').at(-1) ?? '[]') as string[]
      const isIn = copied(steps).some((folder) => script.startsWith(`${folder}/`))
      return runtime === 'node' && isIn && isThere(script) ? [] : [script]
    },
    spoil: edit('"bin/tsunagi.mjs", "serve"', '"bin/tsunagi.js", "serve"'),
  },
  'nothing is installed or compiled in the last stage': {
    of: ({ dockerfile }) =>
      all(lastStage(stepsIn(dockerfile)), 'RUN').filter((line) => INSTALLERS.test(line)),
    spoil: edit('WORKDIR /app\n# Nothing', 'WORKDIR /app\nRUN apt-get install -y make\n# Nothing'),
  },
  'modules for development stay outside': {
    of: ({ dockerfile }) =>
      all(stepsIn(dockerfile), 'RUN').filter((line) => /npm ci(?! --omit=dev)/.test(line)),
    spoil: edit('npm ci --omit=dev', 'npm ci'),
  },
  'it can be asked whether it lives, and keeps its data on a volume': {
    of: ({ dockerfile }) => {
      const steps = lastStage(stepsIn(dockerfile))
      return ['HEALTHCHECK', 'VOLUME'].filter((word) => all(steps, word).length !== 1)
    },
    spoil: edit(/^HEALTHCHECK.*$/m, ''),
  },
  'what it sets is what the program, or SQLite, reads': {
    of: ({ dockerfile }) =>
      all(lastStage(stepsIn(dockerfile)), 'ENV')
        .flatMap((rest) => rest.split(' ').map((pair) => pair.split('=')[0] ?? ''))
        .filter((name) => !configured.has(name) && name !== 'SQLITE_TMPDIR'),
    spoil: edit('DATA_DIR=/data', 'DATADIR=/data'),
  },
}

const files: Files = { dockerfile: textOf('Dockerfile'), ignore: textOf('.dockerignore') }

for (const [name, { of, spoil }] of Object.entries(rules))
  t.test(name, async (t) => {
    t.strictSame(of(files), [])
    t.not(of(spoil(files)).length, 0, 'where it is not so, it is seen')
  })
