/**
 * Ids that must be unique over a bundle, made of ids that are unique over less.
 */

/** Hands out ids: the first use keeps its id, a later one gets the place where it stands added, and a number if need be. */
export const makeUnique = () => {
  const taken = new Set<string>()
  return (id: string, place: string): string => {
    let free = id
    for (let nth = 1; taken.has(free); nth++) free = nth === 1 ? `${id}@${place}` : `${id}@${place}.${nth}`
    taken.add(free)
    return free
  }
}
