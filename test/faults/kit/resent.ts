/** Families each of which has a referral declined and sent anew, and a child first met at a visit; always the same ids. */
export const familiesOf = (count: number) => Array.from({ length: count }, (_, i) => familyOf(i + 1))

const familyOf = (number: number) => {
  const id = (kind: string) => `0190a1b2-${kind}-7000-8000-${String(number).padStart(12, '0')}`
  return {
    family: id('fa01'),
    child: id('be01'),
    visit: id('0011'),
    consultation: id('0012'),
    declined: id('0013'),
    anew: id('0014'),
  }
}
