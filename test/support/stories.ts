/**
 * Sessions that together hold every behaviour the reducer knows, for properties that must hold for all of them.
 *
 * Each is told once and written down in every dialect that has its parts.
 */
import { type Story, session } from "./session.ts"
import { type Dialect, dialects, newer, v142, v169, withTurnIds } from "./session-dialect.ts"

export interface NamedStory {
  readonly name: string
  readonly dialects: ReadonlyArray<Dialect>
  readonly tell: () => Story
}

const story = (name: string, written: ReadonlyArray<Dialect>, tell: () => Story): NamedStory => ({
  name,
  dialects: written,
  tell
})

const plain = story("two turns of work", dialects, () =>
  session()
    .turn("fix it")
    .reasons("first look")
    .execs("make", { exit: 2 })
    .says("Fixed.")
    .ends()
    .turn("thanks")
    .says("Welcome.")
    .ends()
    .leaves()
)

const parallel = story("parallel calls, answered in another order", dialects, () =>
  session()
    .turn("look around")
    .calls("exec_command", { cmd: "ls" }, { id: "call_a" })
    .calls("exec_command", { cmd: "pwd" }, { id: "call_b" })
    .runs("exec", 0.2, {}, { id: "call_b" })
    .runs("exec", 0.1, {}, { id: "call_a" })
    .answers("a", "call_a")
    .answers("b", "call_b")
    .says("Seen.")
    .ends()
)

const patched = story("a patch, a search and an MCP call", withTurnIds, () =>
  session()
    .turn("edit")
    .calls("apply_patch", "*** Begin Patch\n*** End Patch\n")
    .runs("patch", 0.1, { changes: { "/home/ann/work/a.txt": { type: "add", content: "hi\n" } }, stdout: "Success." })
    .answers("Exit code: 0\nWall time: 0 seconds\nOutput:\nSuccess.\n")
    .calls("find", { q: "x" }, { namespace: "mcp__docs__" })
    .runs("mcp", 0.1, { server: "docs", tool: "find", arguments: { q: "x" }, result: { content: [] } })
    .answers("{}")
    .says("Edited.")
    .ends()
)

const stopped = story("an interrupt, then another turn", dialects, () =>
  session()
    .turn("wait")
    .calls("exec_command", { cmd: "sleep 60" })
    .responds()
    .after(1)
    .interrupts()
    .turn("go on")
    .says("On.")
    .ends()
)

const crashed = story("a crash inside a call, and a resume", withTurnIds, () =>
  session()
    .turn("build")
    .calls("exec_command", { cmd: "make" })
    .responds()
    .crashes()
    .after(30)
    .hook("SessionStart", { source: "resume" })
    .turn("where were we")
    .says("Building.")
    .ends()
)

const retried = story("cut and failed requests", newer, () =>
  session()
    .turn("try")
    .fails("500")
    .reasons("half")
    .cut()
    .after(0.3)
    .says("Done.")
    .ends()
    .turn("too much")
    .fails("usage limit reached")
    .ends({ message: "usage limit reached", codex_error_info: "usage_limit_exceeded" })
)

const summed = story("compactions, asked for and automatic", withTurnIds, () => {
  const told = session().turn("a lot").execs("seq 1 9").says("Much.").ends()
  told.turn().compacts("much happened", { trigger: "manual" }).ends()
  return told.turn("more").execs("seq 1 9").compacts("more happened").says("Enough.").ends()
})

const steered = story("steering, images, the user's own command, another model", withTurnIds, () =>
  session()
    .turn("look", { images: 1 })
    .execs("ls")
    .steers("and there")
    .says("Seen.")
    .ends()
    .shell("git status", 1)
    .turn("again", { model: "gpt-5.2-codex" })
    .says("Again.")
    .ends()
)

const approved = story("approvals, given and refused", newer, () =>
  session()
    .turn("may I")
    .calls("exec_command", { cmd: "rm a", justification: "clean up" })
    .asks("rm a", "clean up")
    .runs("exec", 0.1, {}, { waits: 2 })
    .answers("Process exited with code 0\n")
    .calls("exec_command", { cmd: "rm b" })
    .asks("rm b", "clean up")
    .after(1)
    .answers('exec_command failed: CreateProcess { message: "Rejected(\\"rejected by user\\")" }')
    .says("Half done.")
    .ends()
)

const celled = story("code cells: nested calls, a yield and its wait, two at a time", newer, () =>
  session()
    .turn("script it")
    .calls("exec", 'await tools.exec_command({cmd: "ls"}); await tools.exec_command({cmd: "pwd"})', { id: "call_one" })
    .nested("ls")
    .nested("pwd")
    .hook("PreToolUse", { tool_use_id: "exec-lost", tool_name: "apply_patch", tool_input: { command: "ls" } })
    .answers([{ type: "input_text", text: "Script completed\nWall time 0.2 seconds\nOutput:\n" }])
    .calls("exec", 'await tools.exec_command({cmd: "make a"})', { id: "call_two" })
    .calls("exec", 'await tools.exec_command({cmd: "make b"})', { id: "call_three" })
    .nested("make a")
    .nested("make b")
    .answers([{ type: "input_text", text: "Script completed\nWall time 0.1 seconds\nOutput:\n" }], "call_two")
    .answers([{ type: "input_text", text: "Script running with cell ID 3\nWall time 0.1 seconds\n" }], "call_three")
    .calls("wait", { cell_id: "3" })
    .after(0.4)
    .answers([{ type: "input_text", text: "Script completed\nWall time 0.4 seconds\nOutput:\n" }])
    .says("Scripted.")
    .ends()
)

const delegated = story("agents: with and without history, messages, a nested one", newer, () => {
  const told = session().turn("use agents")
  const alpha = told.spawns("alpha")
  const beta = told.spawns("beta", { history: true })
  alpha.turn().execs("ls")
  const gamma = alpha.spawns("gamma")
  gamma.turn("deeper").says("deep")
  beta.turn("do beta").says("beta done")
  told.messages(alpha, "hurry up")
  gamma.finishes()
  beta.finishes()
  alpha.says("alpha done").finishes()
  told.says("All done.").ends()
  alpha.turn("one more thing", { parent: "none" }).says("that too").finishes()
  return told.leaves()
})

const enlisted = story("agents of v1: waits, notes, more input, close and resume", withTurnIds, () => {
  const told = session().turn("use agents")
  const kuhn = told.enlists("Kuhn", "count the tests")
  kuhn.turn("count the tests").says("12.").ends()
  const hertz = kuhn.enlists("Hertz", "look inside")
  told.notes(kuhn, { completed: "12." })
  told.asksV1("wait_agent", { targets: [kuhn.id] }, { status: { [kuhn.id]: { completed: "12." } }, timed_out: false })
  told.asksV1("send_input", { target: kuhn.id, message: "again" }, { submission_id: "s" })
  kuhn.turn("again")
  hertz.turn("look inside").says("Nothing.").ends()
  kuhn.asksV1("wait_agent", { targets: [hertz.id] }, { status: { [hertz.id]: { completed: "Nothing." } } })
  kuhn.says("12.").ends()
  told.asksV1("wait_agent", { targets: [kuhn.id] }, { status: { [kuhn.id]: { completed: "12." } }, timed_out: false })
  told.asksV1("close_agent", { target: kuhn.id }, { previous_status: { completed: "12." } })
  told.asksV1("resume_agent", { id: kuhn.id }, { status: "pending_init" })
  return told.notes(kuhn, "shutdown").says("Done.").ends()
})

const older = story("agents of 0.142, whose files begin with the parent's records", [v142], () => {
  const told = session().turn("use agents")
  const alpha = told.spawns("alpha", { history: true })
  alpha.turn("do alpha").execs("ls").says("alpha done").finishes()
  return told.says("Done.").ends()
})

const reverted = story("a revert: a further file of the same thread", newer, () => {
  const told = session().turn("one").says("One.").ends()
  const mark = told.mark()
  return told.turn("two").says("Two.").ends().reverts(mark).turn("other").says("Other.").ends()
})

const outlived = story("a process that outlives its turn", newer, () => {
  const told = session().turn("serve").calls("exec_command", { cmd: "serve" }, { id: "call_serve" })
  const ofTurn = told.turnId ?? ""
  told.answers("Chunk ID: 1\nWall time: 1.0 seconds\nProcess running with session ID 7\nOutput:\n").says("Up.").ends()
  told.turn("stop it").says("Stopped.")
  return told.runs("exec", 1, { exit_code: 143 }, { id: "call_serve", status: "failed", ofTurn, silent: true }).ends()
})

const torn = story("a turn that goes on when the reading ends", dialects, () =>
  session().turn("build").calls("exec_command", { cmd: "make" }).responds()
)

export const stories: ReadonlyArray<NamedStory> = [
  ...[plain, parallel, patched, stopped, crashed, retried, summed, steered],
  ...[approved, celled, delegated, enlisted, older, reverted, outlived, torn]
]

/** A fork and what it goes on from: a session of its own. */
export const forked = story("a fork of a fork", [v169], () => {
  const told = session().turn("one").says("One.").ends()
  const fork = told.forks()
  fork.turn("left").says("Left.").ends()
  const again = fork.forks()
  again.turn("further left").says("Further.").ends()
  return again
})

/** Every story in every dialect that it is written in, by name. */
export const written: ReadonlyArray<readonly [name: string, story: Story, dialect: Dialect]> = [
  ...stories,
  forked
].flatMap(({ name, tell, dialects: all }) =>
  all.map((dialect) => [`${name} (${dialect.name})`, tell(), dialect] as const)
)
