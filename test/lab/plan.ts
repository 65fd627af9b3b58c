/**
 * What a run plays: which scenarios on which versions, from the options of the command line.
 *
 * Owns the defaults. Playing, checking and reporting are run.ts'.
 */
import { Schema } from "effect"
import { type ModelKind, newest, versions } from "./codex/versions.ts"
import { type RandomUser, randomScenario, randomUsers } from "./random.ts"
import type { Scenario } from "./scenario.ts"
import { scenarios } from "./scenarios/index.ts"

export interface Options {
  readonly matrix?: boolean
  /** How many random sessions, and the first one's seed. */
  readonly seeds?: number
  readonly from?: number
  /** Who talks to the random model; `random` where it is left out. */
  readonly user?: string
  /** Names of scenarios; all when left out. */
  readonly only?: ReadonlyArray<string>
  /** Versions of Codex. */
  readonly codex?: ReadonlyArray<string>
}

export interface Planned {
  readonly scenario: Scenario
  readonly version: string
}

export class UnknownScenario extends Schema.TaggedError<UnknownScenario>()("UnknownScenario", { name: Schema.String }) {
  override get message() {
    return `no scenario is called ${this.name}`
  }
  get hint() {
    return "--list tells their names; a random one is called random-plain-7, random-code-27, restless-plain-7 or busy-code-27"
  }
}

/** Without options: what shows in half a minute that lab, Codex and product still fit, in both transcript dialects. */
const handful = ["simple", "tools", "code", "agents", "compact-auto", "failures"]
const legacyHandful = ["simple", "tools"]
const legacy = "0.118.0"

export const planOf = (options: Options): ReadonlyArray<Planned> => {
  if (options.seeds !== undefined) return seedsOf(options)
  if (options.matrix === true) return crossed(options.only?.map(scenarioNamed) ?? scenarios, options.codex ?? versions)
  if (options.only !== undefined || options.codex !== undefined) {
    return crossed(options.only?.map(scenarioNamed) ?? scenarios, options.codex ?? [newest])
  }
  return [...crossed(handful.map(scenarioNamed), [newest]), ...crossed(legacyHandful.map(scenarioNamed), [legacy])]
}

/** Under which name a case is kept: the newest version goes without saying. */
export const caseName = ({ scenario, version }: Planned): string =>
  version === newest ? scenario.name : `${version}-${scenario.name}`

const crossed = (all: ReadonlyArray<Scenario>, on: ReadonlyArray<string>): ReadonlyArray<Planned> =>
  on.flatMap((version) => all.map((scenario) => ({ scenario, version })))

/** The first half of the seeds plays plain, the second half in code mode. */
const seedsOf = ({ seeds = 0, from = 1, user = "random", codex = [newest] }: Options): ReadonlyArray<Planned> =>
  crossed(
    Array.from({ length: seeds }, (_, at) =>
      scenarioNamed(`${user}-${at < Math.ceil(seeds / 2) ? "plain" : "code"}-${from + at}`)
    ),
    codex
  )

const randomName = new RegExp(`^(${randomUsers.join("|")})-(plain|code)-(\\d+)$`)

/** `random-plain-7` is the scenario of seed 7: how a seed that found something is played again. */
export const scenarioNamed = (name: string): Scenario => {
  const [, user, kind, seed] = randomName.exec(name) ?? []
  if (seed !== undefined) return randomScenario(user as RandomUser, kind as ModelKind, Number(seed))
  const known = scenarios.find((scenario) => scenario.name === name)
  if (known === undefined) throw new UnknownScenario({ name })
  return known
}
