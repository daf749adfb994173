import { systemActor } from '#domain/kernel/metadata.ts'
import { japanDate } from '#domain/kernel/time.ts'
import { staff } from '#domain/staff/staff.ts'
import type { System } from '#src/system.ts'
import { hub, mainSite, nakamura } from '#test/kit/controls.ts'

/** The one whom the benches ask as. */
export const employ = async ({ execute, now }: System): Promise<void> => {
  const at = now()
  await execute({
    lifecycle: staff,
    name: 'RegisterStaff',
    id: nakamura.staffId,
    data: staff.commands.RegisterStaff.schema.parse({
      // Sees every class of record, so that a page is full.
      role: 'hubDirector',
      organization: hub,
      site: mainSite,
      displayName: '中村',
    }),
    actor: systemActor,
    occurrence: { occurredAt: at, occurredOn: japanDate(at), precision: 'instant' },
    commandId: 'bench/staff',
  })
}
