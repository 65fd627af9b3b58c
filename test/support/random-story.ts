/**
 * Sessions told by chance, from a seed: whatever verbs may follow each other, in any order and number.
 *
 * Owns which verb may come when. The verbs are session.ts's; nothing here is written that they cannot write.
 */
import { chance } from "./chance.ts"
import { type Story, session } from "./session.ts"

/** A session of one to five turns, with agents, cells, cuts, interrupts and crashes as the seed has it. */
export const randomStory = (seed: number): Story => {
  const next = chance(seed)
  const likely = (share: number) => next() < share
  const upTo = (n: number) => 1 + Math.floor(next() * n)
  let named = 0
  const name = (prefix: string) => `${prefix}${++named}`
  const done = (seconds: number) => [
    { type: "input_text", text: `Script completed\nWall time ${seconds} seconds\nOutput:\n` }
  ]

  const cells = (told: Story): void => {
    const ids = Array.from({ length: upTo(2) }, () => name("cell"))
    const commands = ids.map(() => (likely(0.3) ? "ls" : name("make ")))
    ids.forEach((id, index) => {
      told.calls("exec", `await tools.exec_command({cmd: "${commands[index]}"})`, { id })
    })
    for (const cmd of commands) {
      const id = name("exec-")
      if (likely(0.8)) told.nested(cmd, next() * 0.3, id)
      else told.responds().hook("PreToolUse", { tool_use_id: id, tool_name: "Bash", tool_input: { command: cmd } })
    }
    const running = (runtimeId: string) => [{ type: "input_text", text: `Script running with cell ID ${runtimeId}\n` }]
    const left: Array<string> = []
    for (const id of ids) {
      const runtimeId = name("")
      const yields = likely(0.4)
      told.answers(yields ? running(runtimeId) : done(0.2), id)
      if (yields && likely(0.4)) told.calls("wait", { cell_id: runtimeId }).after(next()).answers(done(0.5))
      else if (yields && likely(0.7)) left.push(runtimeId)
    }
    const waits = left.map((runtimeId) => ({ runtimeId, id: name("wait") }))
    for (const { runtimeId, id } of waits) told.calls("wait", { cell_id: runtimeId }, { id })
    if (waits.length > 0) told.after(next())
    for (const { runtimeId, id } of waits) told.answers(likely(0.7) ? done(0.5) : running(runtimeId), id)
  }

  const calls = (told: Story): void => {
    const ids = Array.from({ length: upTo(3) }, () => name("call"))
    for (const id of ids) told.calls("exec_command", { cmd: name("echo ") }, { id })
    for (const id of ids) if (likely(0.8)) told.runs("exec", next() * 0.5, { exit_code: 0 }, { id })
    for (const id of ids) told.answers("Chunk ID: 1\nWall time: 0.1 seconds\nProcess exited with code 0\n", id)
  }

  const steps: ReadonlyArray<(told: Story) => unknown> = [
    calls,
    cells,
    (told) => told.reasons("hm"),
    (told) => told.says(name("word ")),
    (told) => told.steers(name("and ")),
    (told) => told.recounts(),
    (told) => told.fails(name("error ")).after(0.3),
    (told) => told.reasons("half").cut().after(0.3),
    (told) => told.compacts(name("summary "), { asks: likely(0.7) }),
    (told) => told.calls("exec_command", { cmd: "rm a" }).asks("rm a", "clean up").after(1).answers("done")
  ]

  const works = (told: Story, most: number): void => {
    for (let n = upTo(most); n > 0; n--) steps[Math.floor(next() * steps.length)]?.(told)
  }

  const told = session()
  for (let turns = upTo(4); turns > 0; turns--) {
    told.after(next() * 5)
    if (likely(0.1)) {
      told.shell(name("git "))
      continue
    }
    told.turn(name("please "))
    works(told, 4)
    if (likely(0.35)) {
      const agent = told.spawns(name("agent"), { history: likely(0.5) })
      agent.turn(likely(0.5) ? name("do ") : undefined)
      works(agent, 2)
      if (likely(0.5)) told.messages(agent, name("hurry "))
      works(told, 2)
      if (likely(0.8)) agent.says("done").finishes()
    }
    if (likely(0.15)) told.calls("exec_command", { cmd: "sleep 9" }).responds().interrupts()
    else if (likely(0.1)) told.crashes().after(9).hook("SessionStart", { source: "resume" })
    else told.says(name("answer ")).ends()
  }
  return likely(0.5) ? told.leaves() : told
}
