/** Which of two versions of ours is newer. Only plain `major.minor.patch` counts; anything else is never newer. */

const partsOf = (version: string): ReadonlyArray<number> | undefined => {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)]
}

export const isNewer = (version: string, than: string): boolean => {
  const [one, other] = [partsOf(version), partsOf(than)]
  if (one === undefined || other === undefined) return false
  const at = one.findIndex((part, index) => part !== other[index])
  return at >= 0 && (one[at] ?? 0) > (other[at] ?? 0)
}
