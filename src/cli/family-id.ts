import { InvalidArgumentError } from 'commander'
import { FamilyId } from '#domain/ids.ts'

export const parseFamilyId = (text: string): string => {
  const id = FamilyId.safeParse(text)
  if (!id.success) throw new InvalidArgumentError('Expected the family’s UUID.')
  return id.data
}
