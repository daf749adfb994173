import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { makeSigningKeys, signatureOf } from '#infra/webhooks/signature.ts'
import { textOf } from './compose-file.ts'

/** How a receiver's program in this language would call what the page gives it: five times base64 a line, an answer a line. */
type Language = {
  /** Without it, it cannot be run. */
  readonly needs: string
  readonly run: (file: string) => readonly [command: string, ...args: string[]]
  readonly file: string
  readonly around: (block: string) => string
  readonly comparesWith: RegExp
  readonly knowsV1a: boolean
}

const languages: Readonly<Record<string, Language>> = {
  js: {
    needs: 'node',
    run: (file) => ['node', file],
    file: 'webhook.mjs',
    comparesWith: /timingSafeEqual\(/,
    knowsV1a: true,
    around: (block) => `${block}
      import { createInterface } from 'node:readline'
      for await (const line of createInterface({ input: process.stdin })) {
        const given = line.split(',').map((text) => Buffer.from(text, 'base64'))
        console.log(isFromTsunagi(...given.slice(0, 4).map(String), given[4]))
      }`,
  },
  python: {
    needs: 'python3',
    run: (file) => ['python3', file],
    file: 'webhook.py',
    comparesWith: /hmac\.compare_digest\(/,
    knowsV1a: false,
    around: (block) => `${block}
import sys
for line in sys.stdin:
    *texts, body = [base64.b64decode(text) for text in line.rstrip("\\n").split(",")]
    print(str(is_from_tsunagi(*[text.decode() for text in texts], body)).lower())
`,
  },
  ruby: {
    needs: 'ruby',
    run: (file) => ['ruby', file],
    file: 'webhook.rb',
    comparesWith: /secure_compare\(/,
    knowsV1a: true,
    around: (block) => `${block}
      STDIN.each_line do |line|
        *texts, body = line.chomp.split(',', -1).map { |text| text.unpack1('m') }
        puts from_tsunagi?(*texts.map { |text| text.force_encoding('UTF-8') }, body)
      end`,
  },
  php: {
    needs: 'php',
    run: (file) => ['php', file],
    file: 'webhook.php',
    comparesWith: /hash_equals\(/,
    knowsV1a: true,
    around: (block) => `${block}
      while (($line = fgets(STDIN)) !== false) {
          $given = array_map('base64_decode', explode(',', rtrim($line, "\\n")));
          echo isFromTsunagi(...$given) ? "true\\n" : "false\\n";
      }`,
  },
  java: {
    needs: 'javac',
    run: (file) => ['java', file],
    file: 'Webhook.java',
    comparesWith: /MessageDigest\.isEqual\(/,
    knowsV1a: true,
    around: (block) =>
      block.replace(
        /\}\s*$/,
        `public static void main(String[] none) throws Exception {
           for (var line : new String(System.in.readAllBytes()).split("\\n")) {
             var given = new byte[5][];
             var parts = line.split(",", -1);
             for (var i = 0; i < 5; i++) given[i] = Base64.getDecoder().decode(parts[i]);
             System.out.println(isFromTsunagi(new String(given[0]), new String(given[1]), new String(given[2]), new String(given[3]), given[4]));
           }
         }
       }`,
      ),
  },
}

const page = textOf('docs/webhooks.md')
const blocksOf = (language: string) =>
  page
    .split(`\`\`\`${language}\n`)
    .slice(1)
    .map((rest) => rest.split('```')[0] ?? '')

const now = Math.floor(Date.now() / 1_000)
const [keys, otherKeys] = [makeSigningKeys(), makeSigningKeys()]

type Given = { key: string; id: string; timestamp: string; signatures: string; body: string }
type Case = readonly [given: Given, answer: boolean]

const cases = (version: string, key: string, otherKey: string): Readonly<Record<string, Case>> => {
  const signed = ({ by = keys, timestamp = now, body = '{"specversion":"1.0","data":{}}' } = {}): Given => {
    const id = 'event-1'
    return {
      key,
      id,
      timestamp: String(timestamp),
      body,
      signatures: signatureOf([by], { id, timestamp, body }),
    }
  }
  const plain = signed()
  const other = signed({ by: otherKeys }).signatures
  const [v1 = '', v1a = ''] = plain.signatures.split(' ')
  const all: Readonly<Record<string, Case>> = {
    'what was signed': [plain, true],
    'text that is not ASCII': [signed({ body: '{"note":"つなぎ – é 👶"}' }), true],
    'four signatures, the right key’s last': [{ ...plain, signatures: `${other} ${v1} ${v1a}` }, true],
    'four signatures, the right key’s first': [{ ...plain, signatures: `${v1} ${v1a} ${other}` }, true],
    'the other way round': [{ ...plain, signatures: `${v1a} ${v1}` }, true],
    'versions that nobody knows yet': [{ ...plain, signatures: `v2,AAAA v1b ${plain.signatures}` }, true],
    'sent four minutes ago': [signed({ timestamp: now - 240 }), true],
    'sent by a clock that is four minutes ahead': [signed({ timestamp: now + 240 }), true],
    'sent six minutes ago': [signed({ timestamp: now - 360 }), false],
    'sent by a clock that is six minutes ahead': [signed({ timestamp: now + 360 }), false],
    'another body': [{ ...plain, body: plain.body.replace('1.0', '1.1') }, false],
    'written again with other spaces': [{ ...plain, body: plain.body.replace(':', ': ') }, false],
    'another id': [{ ...plain, id: 'event-2' }, false],
    'another time': [{ ...plain, timestamp: String(now + 1) }, false],
    'another key': [{ ...plain, key: otherKey }, false],
    'signed by others': [{ ...plain, signatures: other }, false],
    'signatures under each other’s version': [
      { ...plain, signatures: `v1a,${v1.slice(3)} v1,${v1a.slice(4)}` },
      false,
    ],
    'unknown versions only': [{ ...plain, signatures: `v2,${v1.slice(3)} v2a,${v1a.slice(4)}` }, false],
    'short signatures': [{ ...plain, signatures: `${v1.slice(0, -8)} ${v1a.slice(0, -8)}` }, false],
    'long signatures': [{ ...plain, signatures: `v1,AAAA${v1.slice(3)} v1a,AAAA${v1a.slice(4)}` }, false],
    'what is not base64': [{ ...plain, signatures: 'v1,! v1a,! v1a v1 , ,,  é' }, false],
    'empty signatures': [{ ...plain, signatures: 'v1, v1a,' }, false],
    'no signatures': [{ ...plain, signatures: '' }, false],
    'no time': [{ ...plain, timestamp: '' }, false],
    'a time that is none': [{ ...plain, timestamp: 'soon' }, false],
  }
  return Object.fromEntries(Object.entries(all).map(([what, of]) => [`${version}: ${what}`, of]))
}

/** Said to a newcomer, and a failure where everything must run. */
const lacking = (command: string) =>
  process.env.CI !== 'true' && spawnSync(command, ['--version']).status !== 0 && `${command} is not installed`

const answersOf = async ([command, ...args]: readonly [string, ...string[]], asked: readonly Given[]) => {
  const program = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  program.stdin.end(
    asked
      .map(({ key, id, timestamp, signatures, body }) =>
        [key, id, timestamp, signatures, body].map((one) => Buffer.from(one).toString('base64')).join(','),
      )
      .join('\n')
      .concat('\n'),
  )
  const [said] = await Promise.all([text(program.stdout), once(program, 'exit')])
  return said.trim().split('\n')
}

for (const [name, language] of Object.entries(languages))
  t.test(`${name} in docs/webhooks.md`, { skip: lacking(language.needs) }, async (t) => {
    const [block = '', ...others] = blocksOf(name)
    t.strictSame(others, [], 'one block')
    t.match(block, language.comparesWith, 'compares in constant time')
    const file = join(t.testdir(), language.file)
    writeFileSync(file, language.around(block))
    const wanted = {
      ...cases('v1', keys.secret, otherKeys.secret),
      ...(language.knowsV1a && cases('v1a', keys.publicKey, otherKeys.publicKey)),
    }
    const answers = await answersOf(
      language.run(file),
      Object.values(wanted).map(([given]) => given),
    )
    t.strictSame(
      Object.fromEntries(Object.keys(wanted).map((what, i) => [what, answers[i]])),
      Object.fromEntries(Object.entries(wanted).map(([what, [, answer]]) => [what, String(answer)])),
    )
  })
