/**
 * The random model: a scenario whose every choice follows from its seed, so that N seeds are N new real sessions.
 *
 * Owns the answers' shape and the faults. The tools are random/work.ts', the agents random/delegation.ts', the user
 * random/user.ts'. Choices are reproducible; when an interrupt strikes depends on the machine's load.
 */
import type { CodexVersion, ModelKind } from "./codex/versions.ts"
import {
  type Answer,
  after,
  answer,
  cut,
  failed,
  type ItemTemplate,
  refused,
  reporting,
  says,
  thinks
} from "./model/answer.ts"
import type { Asked } from "./model/script.ts"
import { type Agents, delegation } from "./random/delegation.ts"
import { type Dice, diceAt } from "./random/dice.ts"
import { busyUser, restlessUser, steadyUser } from "./random/user.ts"
import { askingCall, codeCall, plainCall } from "./random/work.ts"
import type { Scenario } from "./scenario.ts"

/** A turn is over after this many answers, if the dice did not end it before. */
const answersMax = 6
const contextMax = 20_000

/**
 * Who talks to the model: `random` goes on from turn to turn, `restless` leaves, crashes, takes back and returns, `busy`
 * does several things at once.
 */
export const randomUsers = ["random", "restless", "busy"] as const
export type RandomUser = (typeof randomUsers)[number]

const users = { random: steadyUser, restless: restlessUser, busy: busyUser }

export const randomScenario = (user: RandomUser, kind: ModelKind, seed: number): Scenario => ({
  name: `${user}-${kind}-${seed}`,
  summary: `whatever seed ${seed} wants`,
  model: kind,
  needs: kind === "code" ? ["codeMode"] : [],
  config: [`model_auto_compact_token_limit = ${contextMax}`],
  tables: ["[agents]", "max_depth = 2"],
  script: (codex) => ({ "*": randomProgram(user, kind, seed, codex) }),
  drive: (stage) => users[user](stage, seed)
})

const randomProgram = (user: RandomUser, kind: ModelKind, seed: number, codex: CodexVersion) => {
  /** Answers since the last final one, and whether the last was a fault: both by agent. */
  const streak = new Map<string, number>()
  const faulty = new Set<string>()

  return (asked: Asked): Answer => {
    const dice = diceAt(seed, asked.agent, asked.turn)
    if (!faulty.has(asked.agent) && dice.chance(12)) {
      faulty.add(asked.agent)
      return fault(dice)
    }
    faulty.delete(asked.agent)
    const said = streak.get(asked.agent) ?? 0
    const ends = said >= answersMax || (said > 0 && dice.chance(20))
    streak.set(asked.agent, ends ? 0 : said + 1)
    const told = ends ? finalAnswer(asked) : answer(...working(user, kind, dice, asked, codex))
    const paced = dice.chance(15) ? after(dice.between(100, 700), told) : told
    return dice.chance(4) ? reporting({ input: contextMax + 5_000 }, paced) : paced
  }
}

const finalAnswer = (asked: Asked): Answer => answer(says(`${nameOf(asked)} is done`))

/** Retried by Codex, except the refusal with 400: that ends the turn. */
const fault = (dice: Dice): Answer =>
  dice.pick([
    cut(),
    cut(says("half a sen")),
    cut(thinks("Where was I?")),
    refused(500, "the server stumbled", "server_error"),
    failed("server_error", "it broke on the way"),
    refused(400, "this prompt is not allowed")
  ])

const working = (
  user: RandomUser,
  kind: ModelKind,
  dice: Dice,
  asked: Asked,
  codex: CodexVersion
): ReadonlyArray<ItemTemplate> => {
  const items: Array<ItemTemplate> = []
  if (dice.chance(30)) items.push(thinks(`Thinking about ${nameOf(asked)}.`))
  if (dice.chance(15)) items.push(says(`Working on ${nameOf(asked)}.`, "commentary"))
  const count = dice.between(1, 3)
  for (let at = 0; at < count; at++) {
    const name = `${nameOf(asked)}-${at}`
    const delegated = dice.chance(25) ? delegation(dice, asked, agentsOf(kind, codex), name) : undefined
    const asking = user === "busy" && dice.chance(20) ? askingCall(kind, dice, name) : undefined
    items.push(delegated ?? asking ?? (kind === "code" ? codeCall : plainCall)(dice, asked, name))
  }
  return items
}

/** The agents that a model can have. */
const agentsOf = (kind: ModelKind, codex: CodexVersion): Agents | undefined => {
  if (kind === "code") return codex.can("agentsV2") ? "v2" : undefined
  return codex.can("agentsNamespace") ? "v1" : codex.can("agentsV1") ? "v1 plain" : undefined
}

/** Unique in the session, and fit for a file name and a v2 task name. */
const nameOf = (asked: Asked): string => {
  const agent = asked.agent.replace(/^\/?(root|task)[/ ]?/, "").replaceAll(/[^a-z0-9]+/g, "-")
  return `${agent === "" ? "r" : agent}-${asked.turn}`
}
