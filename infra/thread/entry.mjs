// A worker thread cannot be started from a TypeScript file: on Node 20 the parent's loader does not reach it.
import { register } from 'tsx/esm/api'

register()
await import(process.argv[2])
