import type { Delivery } from '#domain/delivery/events.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { subscription } from '#domain/subscription/subscription.ts'
import { asRun, deliveries, runKey } from '#projections/deliveries.ts'
import type { Log } from '#src/log.ts'
import { bySystem } from '#src/write/by-system.ts'
import type { House } from './house.ts'
import { DISABLED_AFTER_MS, WARNED_AFTER_MS } from './schedule.ts'

/**
 * Watches one endpoint: gone, it is disabled at once; when it has taken nothing for three days its administrators are told, after five
 * days it is disabled. Commands have ids that derive from the failure, so whoever else watches gives the same ones.
 */
export const failing = (parts: Pick<House, 'views' | 'execute'> & { readonly log: Log }) => (id: string) => {
  const { views, execute, log } = parts
  let since = asRun(views.reader(deliveries).get(runKey(id, 0)))?.failingSince
  let saidOf: string | undefined

  const give = async (name: string, at: string, data: Readonly<Record<string, unknown>>): Promise<void> => {
    const occurrence = { occurredAt: at, occurredOn: japanDate(at), precision: 'instant' } as const
    const commandId = `${name}/${id}/${data.since ?? at}`
    try {
      await execute(bySystem({ lifecycle: subscription, name, id, data, occurrence, commandId }))
    } catch (error) {
      saidOf = undefined
      log.warn({ err: error, name: id, command: name }, 'it is said of an endpoint later')
    }
  }
  const once = (what: string, action: () => Promise<void>): void => {
    if (saidOf === what) return
    saidOf = what
    void action()
  }

  const disable = (at: string, data: Readonly<Record<string, unknown>>) => (): Promise<void> => {
    log.warn({ name: id, reason: data.because }, 'a subscription is disabled')
    return give('DisableSubscription', at, data)
  }
  const warn = (at: string, begun: string) => (): Promise<void> => {
    log.warn({ name: id, reason: 'failing' }, 'an endpoint has taken nothing for days')
    const disabledFrom = new Date(Date.parse(begun) + DISABLED_AFTER_MS).toISOString()
    return give('WarnOfFailing', at, { since: begun, disabledFrom })
  }

  return {
    noted({ outcome, status, at }: Delivery): void {
      if (outcome === 'delivered') {
        since = undefined
        saidOf = undefined
      }
      if (outcome !== 'failed' && outcome !== 'parked') return
      since ??= at
      if (status === 410) once('gone', disable(at, { because: 'gone' }))
    },
    /** Time has passed. */
    look(now: string): void {
      if (since === undefined || saidOf === 'gone') return
      const ms = Date.parse(now) - Date.parse(since)
      if (ms >= DISABLED_AFTER_MS) once(`disabled ${since}`, disable(now, { because: 'failing', since }))
      else if (ms >= WARNED_AFTER_MS) once(`warned ${since}`, warn(now, since))
    },
  }
}

export type Failing = ReturnType<ReturnType<typeof failing>>
