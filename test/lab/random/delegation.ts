/**
 * What a random model does with agents, v1 and v2, to depth two.
 *
 * Reads from the conversation which agents there are; spawns only few, and waits only when somebody is still at work,
 * because a wait for nobody lasts its whole time.
 */
import { calls, type ItemTemplate } from "../model/answer.ts"
import { type Asked, textOf } from "../model/script.ts"
import type { Dice } from "./dice.ts"

const agentsMax = 3
const waitMs = 10_000

/** v1 agents are tools of a namespace, or (before 0.142) plain ones. */
export type Agents = "v2" | "v1" | "v1 plain"

/** A call about agents, or nothing when there is none to make. `name` is unique in the session. */
export const delegation = (
  dice: Dice,
  asked: Asked,
  agents: Agents | undefined,
  name: string
): ItemTemplate | undefined => {
  if (agents === undefined) return undefined
  return agents === "v2" ? withV2(dice, asked, name) : withV1(dice, asked, name, agents === "v1")
}

const withV2 = (dice: Dice, asked: Asked, name: string): ItemTemplate | undefined => {
  const tool = (verb: string, args: Readonly<Record<string, unknown>>) => calls(`collaboration.${verb}`, args)
  const depth = asked.agent.split("/").length - 2
  const mine = asked.input.flatMap((item) => {
    const path = /"task_name":\s*"([^"]+)"/.exec(textOf(item.output))?.[1]
    return path?.startsWith(`${asked.agent}/`) ? [path] : []
  })
  const finished = asked.input.filter(
    (item) => item.type === "agent_message" && JSON.stringify(item.content).includes("FINAL_ANSWER")
  ).length
  const [first, ...rest] = mine
  const spawn = () =>
    depth >= 2 || mine.length >= agentsMax
      ? undefined
      : tool("spawn_agent", {
          task_name: name.replaceAll("-", "_"),
          message: `task ${name}`,
          fork_turns: dice.pick(["none", "all"])
        })
  if (first === undefined || dice.chance(30)) return spawn()
  const target = dice.pick([first, ...rest])
  return dice.pick<() => ItemTemplate | undefined>([
    () => (finished < mine.length ? tool("wait_agent", { timeout_ms: waitMs }) : undefined),
    () => (finished < mine.length ? tool("wait_agent", { timeout_ms: waitMs }) : undefined),
    () => tool("send_message", { target, message: `message ${name}` }),
    () => tool("followup_task", { target, message: `further task ${name}` }),
    () => tool("interrupt_agent", { target }),
    () => tool("list_agents", {})
  ])()
}

const withV1 = (dice: Dice, asked: Asked, name: string, isNamed: boolean): ItemTemplate | undefined => {
  const tool = (verb: string, args: Readonly<Record<string, unknown>>) =>
    calls(isNamed ? `multi_agent_v1.${verb}` : verb, args)
  // A v1 agent is known by its task, which says how deep it is: `task deep …`.
  const deep = asked.agent.startsWith("task deep")
  const mine = asked.input.flatMap((item) => /"agent_id":\s*"([^"]+)"/.exec(textOf(item.output))?.[1] ?? [])
  const [first, ...rest] = mine
  const task = `task ${asked.agent === "/root" ? "" : "deep "}${name}`
  const spawn = () =>
    deep || mine.length >= agentsMax ? undefined : tool("spawn_agent", { message: task, fork_context: dice.chance(40) })
  if (first === undefined || dice.chance(30)) return spawn()
  const target = dice.pick([first, ...rest])
  return dice.pick<() => ItemTemplate | undefined>([
    () => tool("wait_agent", { targets: mine, timeout_ms: waitMs }),
    () => tool("wait_agent", { targets: [target], timeout_ms: waitMs }),
    () => tool("send_input", { target, message: `input ${name}`, interrupt: dice.chance(30) }),
    () => tool("close_agent", { target }),
    () => tool("resume_agent", { id: target })
  ])()
}
