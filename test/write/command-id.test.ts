import t from 'tap'
import { derivedId, fingerprint, uuidV7 } from '#src/write/command-id.ts'

const V8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

t.test('the same content has the same fingerprint, whatever the order of its keys', async (t) => {
  const one = fingerprint({ site: 'a', party: [{ kind: 'mother', number: 1 }], note: undefined })
  t.equal(fingerprint({ party: [{ number: 1, kind: 'mother' }], site: 'a' }), one)
  t.match(one, /^[\w-]{22}$/)
})

t.test('what differs anywhere has another', async (t) => {
  const one = fingerprint({ a: [1, 2], b: { c: null } })
  t.not(fingerprint({ a: [2, 1], b: { c: null } }), one)
  t.not(fingerprint({ a: [1, 2], b: { c: 'null' } }), one)
  t.not(fingerprint({ a: [1, 2], b: {} }), one)
  const hidden = (value: number) => JSON.parse(`{ "__proto__": { "x": ${value} } }`) as unknown
  t.not(fingerprint(hidden(1)), fingerprint(hidden(2)), 'under any name')
})

t.test('the ids of a command are its own, and the same when it is repeated', async (t) => {
  const key = uuidV7()
  t.match(derivedId('nakamura', key, 0), V8)
  t.equal(derivedId('nakamura', key, 0), derivedId('nakamura', key, 0))
  t.not(derivedId('nakamura', key, 1), derivedId('nakamura', key, 0))
  t.not(derivedId('ogawa', key, 0), derivedId('nakamura', key, 0))
  t.match(derivedId('nakamura', 'a key of the caller', 'new-0'), V8)
})

t.test('an id keeps the time of its key, however the key is spelled', async (t) => {
  const key = uuidV7(Date.UTC(2022, 1, 17))
  t.match(key, V7)
  t.equal(derivedId('nakamura', key, 0).slice(0, 13), key.slice(0, 13))
  t.equal(derivedId('nakamura', key.toUpperCase(), 0).slice(0, 13), key.slice(0, 13))
})

t.test('the log of today has these ids and fingerprints in it', async (t) => {
  const key = '01a20a70-5c73-768f-b98d-61a8f9af034c'
  t.equal(derivedId('nakamura', key, 0), '01a20a70-5c73-87e4-a482-5bb7762dbb21')
  t.equal(fingerprint(['visit', 'RecordVisit', key, { children: 1 }]), 'lrVey7iyw_LlDeKHQujSl8')
})
