/**
 * What a random model does when it works: commands, patches, code cells, and mistakes.
 *
 * Owns the choice of tools other than agents. Every command ends by itself within a few seconds.
 */
import type { ModelKind } from "../codex/versions.ts"
import { calls, callsWith, type ItemTemplate, patches, patchText, runs, searches } from "../model/answer.ts"
import { type Asked, textOf } from "../model/script.ts"
import type { Dice } from "./dice.ts"

/** `name` is unique in the session, so that files and echoed texts are too. */
const command = (dice: Dice, name: string): string =>
  dice.pick([
    `echo ${name}`,
    `echo ${name}`,
    `sleep 0.${dice.between(1, 9)}; echo slept ${name}`,
    `echo fails ${name} >&2; exit ${dice.between(1, 9)}`,
    `printf 'ünï\\n%s' '${name}'`,
    `seq 1 ${dice.between(100, 999)}`,
    `cat ${name}.txt`,
    "pwd"
  ])

const newFile = (name: string) => [`*** Add File: ${name}.txt`, "+one", "+two"]
const badEdit = (name: string) => [`*** Update File: ${name}-missing.txt`, "@@", "-zzz", "+yyy"]

/** One call of a model that calls its tools directly. */
export const plainCall = (dice: Dice, asked: Asked, name: string): ItemTemplate => {
  const exec = calls("exec_command", { cmd: command(dice, name) })
  const terminal = lastMatch(asked, /running with session ID (\d+)/)
  return dice.pick<() => ItemTemplate>([
    () => exec,
    () => exec,
    () => exec,
    () => calls("exec_command", { cmd: `sleep 0.${dice.between(3, 9)}; echo bg ${name}`, yield_time_ms: 250 }),
    () =>
      terminal === undefined
        ? exec
        : calls("write_stdin", { session_id: Number(terminal), chars: "", yield_time_ms: 500 }),
    () => patches(...newFile(name)),
    () => patches(...badEdit(name)),
    () => callsWith("exec_command", "{broken"),
    () => calls("no_such_tool", { name }),
    () => calls("view_image", { path: `/nowhere/${name}.png` }),
    () => searches(`how to ${name}`)
  ])()
}

/** One call of a model in code mode: mostly a cell, sometimes a wait for one. */
export const codeCall = (dice: Dice, asked: Asked, name: string): ItemTemplate => {
  const running = lastMatch(asked, /running with cell ID (\w+)/)
  if (running !== undefined && dice.chance(35)) {
    return calls(
      "wait",
      dice.chance(15) ? { cell_id: running, terminate: true } : { cell_id: running, yield_time_ms: 3000 }
    )
  }
  const yields = dice.chance(30) ? [`// @exec: {"yield_time_ms": ${dice.between(1, 4) * 100}}`] : []
  const statements = Array.from({ length: dice.between(1, 3) }, (_, at) => statement(dice, `${name}-${at}`))
  return runs(...yields, ...statements)
}

const statement = (dice: Dice, name: string): string => {
  const exec = () => `tools.exec_command({cmd: ${JSON.stringify(command(dice, name))}})`
  const patch = (lines: ReadonlyArray<string>) => `tools.apply_patch(${JSON.stringify(patchText(...lines))})`
  const single = () => `{ const r = await ${exec()}; text(String(r.output).slice(0, 200)); }`
  return dice.pick<() => string>([
    single,
    single,
    () => `text(JSON.stringify((await Promise.all([${exec()}, ${exec()}])).map(r => r.exit_code)));`,
    () =>
      `text(JSON.stringify((await Promise.allSettled([${exec()}, ${patch(badEdit(name))}, ${exec()}])).map(r => r.status)));`,
    () => `try { await ${patch(newFile(name))}; text("patched"); } catch (e) { text(String(e)); }`,
    () =>
      `for (let n = 0; n < 3; n++) { const r = await tools.exec_command({cmd: "echo ${name} " + n}); text(r.output); }`,
    () => `text("no tool ${name}");`,
    () => `try { await tools.no_such_tool({}); } catch (e) { text(String(e)); }`,
    () => `await new Promise(r => setTimeout(r, ${dice.between(1, 8) * 100})); text("late ${name}");`,
    () => `throw new Error("cell ${name}");`
  ])()
}

/** A command for which the model wants the sandbox left, so that the user may be asked. */
export const askingCall = (kind: ModelKind, dice: Dice, name: string): ItemTemplate => {
  const wanted = {
    cmd: command(dice, name),
    sandbox_permissions: "require_escalated",
    justification: `may I run ${name}?`
  }
  if (kind === "plain") return calls("exec_command", wanted)
  return runs(
    `{ const r = await tools.exec_command(${JSON.stringify(wanted)}); text(String(r.output).slice(0, 200)); }`
  )
}

const lastMatch = (asked: Asked, pattern: RegExp): string | undefined =>
  asked.input.map((item) => pattern.exec(textOf(item.output))?.[1]).findLast((found) => found !== undefined)
