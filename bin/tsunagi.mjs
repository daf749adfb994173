#!/usr/bin/env node
// The source is erasable TypeScript and runs as it is: no build, no stale output. On Node 20 the tsx loader takes the types off.
import { register } from 'tsx/esm/api'

register()
await import('../src/cli/main.ts')
