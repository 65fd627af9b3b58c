/**
 * What the reducer makes of a told bundle: its graph, or why it is refused.
 */
import { generationOf } from "../../src/bundle/generation.ts"
import { type ReducedTrace, reduceBundle } from "../../src/bundle/reduce.ts"
import { BundleRefused } from "../../src/bundle/refusal.ts"
import type { Trace } from "../../src/bundle/state.ts"
import type { BundleStory } from "./bundle.ts"

const run = (story: BundleStory, version: string | undefined, lenient: boolean) => {
  const as = version === undefined ? undefined : generationOf(version)
  return reduceBundle(story.inMemory(), { lenient, ...(as !== undefined && { as }) })
}

/** What was made, or why the bundle was refused. */
export const orRefused = <A>(make: () => A): A | BundleRefused => {
  try {
    return make()
  } catch (error) {
    if (error instanceof BundleRefused) return error
    throw error
  }
}

/** The graph of a bundle, reduced as a release or the newest one; throws if it is refused. */
export const stateOf = (story: BundleStory, version?: string): Trace => run(story, version, false).trace

/** Why a bundle is refused; throws if it is not. */
export const refusalOf = (story: BundleStory, version?: string): BundleRefused => {
  const result = orRefused(() => run(story, version, false))
  if (result instanceof BundleRefused) return result
  throw new Error("the bundle was accepted")
}

export const lenientlyOf = (story: BundleStory, version?: string): ReducedTrace => run(story, version, true)

/** The thing of a map that has this id; throws where there is none. */
export const at = <V>(things: ReadonlyMap<string, V>, id: string): V => {
  const thing = things.get(id)
  if (thing === undefined) throw new Error(`nothing has the id ${id}, only ${[...things.keys()].join(", ")}`)
  return thing
}

/** Item ids by their numbers: `1 2 5`. */
export const numbers = (ids: ReadonlyArray<string>): string => ids.map((id) => id.split(":")[1]).join(" ")
