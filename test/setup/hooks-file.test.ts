/** hooks.json: ours in, ours out, and nobody else's approval lost. */
import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Result } from "effect"
import { fewestAbilities, hookEvents, wantedHooks } from "../../src/setup/events.ts"
import { hookCommand, hookProgram, planInstall, planRemove } from "../../src/setup/hooks-file.ts"
import { repository } from "../support/tracer.ts"

const file = "/home/dev/.codex/hooks.json"
const everything = { events: hookEvents, runsAsync: true }
const wishes = { flushOnTurnEnd: false, flushTimeoutSeconds: 5 }
const wanted = wantedHooks(everything, wishes)

const install = (
  text: string | undefined,
  program = "/opt/tracer",
  exists: (program: string) => boolean = () => true
) => Result.getOrThrow(planInstall(file, text, wanted, program, exists))
const remove = (text: string) => Result.getOrThrow(planRemove(file, text))

const others = `{
	"description": "mine",
	"hooks": {
		"Stop": [
			{ "hooks": [{ "type": "command", "command": "say done" }] }
		],
		"PreToolUse": [
			{ "matcher": "Bash", "hooks": [{ "type": "command", "command": "check.sh" }] }
		]
	}
}
`

describe("setting up", () => {
  test("without a file, every event gets one entry", () => {
    const { text, changes } = install(undefined)
    const { hooks } = JSON.parse(text)
    expect(Object.keys(hooks)).toEqual([...hookEvents])
    expect(hooks.PreToolUse).toEqual([
      { hooks: [{ type: "command", command: "'/opt/tracer' hook", timeout: 10, async: true }] }
    ])
    expect(changes.every(({ change }) => change === "added")).toBe(true)
  })

  test("what others put there stays where it is, as it is, and in its order", () => {
    const before = JSON.parse(others)
    const after = JSON.parse(install(others).text)
    expect(after.description).toBe("mine")
    expect(after.hooks.Stop[0]).toEqual(before.hooks.Stop[0])
    expect(after.hooks.PreToolUse[0]).toEqual(before.hooks.PreToolUse[0])
    expect(after.hooks.Stop.length).toBe(2)
    expect(Object.keys(after.hooks).slice(0, 2)).toEqual(["Stop", "PreToolUse"])
  })

  test("the file keeps its indentation", () => {
    expect(install(others).text).toContain('\n\t"hooks": {\n\t\t"Stop"')
  })

  test("done twice it changes nothing, not a byte", () => {
    const once = install(others).text
    const twice = install(once)
    expect(twice.text).toBe(once)
    expect(twice.changes.every(({ change }) => change === "unchanged")).toBe(true)
  })

  test("a file that has all our entries keeps its own layout", () => {
    const laidOut = JSON.stringify(JSON.parse(install(undefined).text))
    expect(install(laidOut).text).toBe(laidOut)
  })

  test("a new executable keeps the command that is there, as long as its program exists", () => {
    const old = install(undefined, "/opt/tracer").text
    expect(install(old, "/opt/tracer-2/tracer").command).toBe("'/opt/tracer' hook")
    const moved = install(old, "/opt/tracer-2/tracer", (program) => program !== "/opt/tracer")
    expect(moved.command).toBe("'/opt/tracer-2/tracer' hook")
    expect(moved.changes.every(({ change }) => change === "updated")).toBe(true)
  })

  test("an entry that is out of date is corrected in its place", () => {
    const old = JSON.parse(others)
    old.hooks.Stop.unshift({ hooks: [{ type: "command", command: "'/opt/tracer' hook" }] })
    const after = JSON.parse(install(JSON.stringify(old)).text)
    expect(after.hooks.Stop[0].hooks[0]).toMatchObject({ command: "'/opt/tracer' hook", timeout: 10 })
    expect(after.hooks.Stop[1].hooks[0].command).toBe("say done")
    expect(after.hooks.Stop.length).toBe(2)
  })

  for (const [name, text, reason] of [
    ["no JSON", "{ hooks: ", "is not JSON"],
    ["an array", "[]", "is not a JSON object"],
    ["hooks that are a list", `{"hooks": []}`, '"hooks" that is not an object'],
    ["an event that is no list", `{"hooks": {"Stop": {}}}`, 'under "Stop"'],
    ["a group without hooks", `{"hooks": {"Stop": [{"command": "x"}]}}`, 'under "Stop"'],
    ["a hook that is no object", `{"hooks": {"Stop": [{"hooks": [null]}]}}`, 'under "Stop"']
  ] as const) {
    test(`a file with ${name} is refused, with the reason`, () => {
      const refused = planInstall(file, text, wanted, "/opt/tracer", () => true)
      expect(Result.isFailure(refused) && refused.failure.message).toContain(reason)
      expect(Result.isFailure(refused) && refused.failure.message).toContain("nothing was changed")
    })
  }
})

describe("removing", () => {
  test("leaves exactly what was there before", () => {
    expect(JSON.parse(remove(install(others).text).text)).toEqual(JSON.parse(others))
    expect(JSON.parse(remove(install(undefined).text).text)).toEqual({ hooks: {} })
  })

  test("does not move entries that others added after ours: Codex knows them by position", () => {
    const later = JSON.parse(install(undefined).text)
    later.hooks.Stop.push({ hooks: [{ type: "command", command: "say done" }] })
    const after = JSON.parse(remove(JSON.stringify(later)).text)
    expect(after.hooks).toEqual({ Stop: [{ hooks: [] }, { hooks: [{ type: "command", command: "say done" }] }] })
  })

  test("of a file without ours changes nothing, not a byte", () => {
    expect(remove(others).text).toBe(others)
  })

  test("leaves the hook of a program whose name only begins like ours, and so does setting up", () => {
    const foreign = { hooks: [{ type: "command", command: "/usr/bin/tracerouter hook" }] }
    const text = JSON.stringify({ hooks: { Stop: [foreign] } })
    const installed = install(text).text
    expect(JSON.parse(installed).hooks.Stop[0]).toEqual(foreign)
    expect(JSON.parse(remove(installed).text)).toEqual({ hooks: { Stop: [foreign] } })
    expect(remove(text).text).toBe(text)
  })
})

describe("what an event is asked for", () => {
  const named = (event: string, hooks = wanted) => hooks.find((hook) => hook.event === event)

  test("async where Codex can, but not what comes last in a process, and no timeout that Codex clamps", () => {
    expect(named("Stop")).toEqual({ event: "Stop", async: false, timeout: 10 })
    expect(named("PostToolUse")).toEqual({ event: "PostToolUse", async: true, timeout: 10 })
    expect(named("SessionEnd")).toEqual({ event: "SessionEnd", async: false })
    expect(named("Interrupt")).toEqual({ event: "Interrupt", async: true })
  })

  test("a Codex that skips async hooks gets synchronous ones", () => {
    expect(wantedHooks(fewestAbilities, wishes).some((hook) => hook.async)).toBe(false)
  })

  test("with flush_on_turn_end, Stop may take as long as the user allows", () => {
    const flushing = wantedHooks(everything, { flushOnTurnEnd: true, flushTimeoutSeconds: 60 })
    expect(named("Stop", flushing)).toEqual({ event: "Stop", async: false, timeout: 70 })
  })
})

describe("our commands", () => {
  test("are told by their program, however it is quoted", () => {
    expect(hookProgram("'/opt/tracer' hook")).toBe("/opt/tracer")
    expect(hookProgram('"C:\\Program Files\\tracer.exe" hook')).toBe("C:\\Program Files\\tracer.exe")
    expect(hookProgram("tracer hook")).toBe("tracer")
    expect(hookCommand("/home/o'neil/tracer")).toBe(`'/home/o'\\''neil/tracer' hook`)
    expect(hookProgram(hookCommand("/home/o'neil/tracer"))).toBe("/home/o'neil/tracer")
  })

  test.each(["tracer", "tracer.exe", "tracer-0.2", "tracer-0.1.0", "tracer-0.1.0.exe", "tracer-2"])(
    "may call %s",
    (name) => {
      expect(hookProgram(`/usr/bin/${name} hook`)).toBe(`/usr/bin/${name}`)
    }
  )

  test("may call every executable that build.ts makes", () => {
    const build = readFileSync(join(repository, "build.ts"), "utf8")
    const targets = [...build.matchAll(/\{ name: "([^"]+)", bun:/g)].map(([, name]) => name)
    expect(targets.length).toBeGreaterThan(5)
    for (const name of targets) expect(hookProgram(`/opt/tracer-${name} hook`)).toBe(`/opt/tracer-${name}`)
    expect(hookProgram('"C:\\bin\\tracer-windows-x64.exe" hook')).toBe("C:\\bin\\tracer-windows-x64.exe")
  })

  test.each([
    "/opt/other hook",
    "tracer status",
    "echo tracer hook",
    "bash -c 'tracer hook'",
    "/usr/bin/tracerouter hook",
    "tracert hook",
    "/usr/bin/tracer2 hook",
    "'/opt/tracer_old' hook",
    "/opt/tracer-wrapper hook",
    "/opt/tracer-0.2-wrapper hook",
    "/opt/tracer-linux hook",
    "tracer.sh hook",
    "/opt/tracer.exe.bak hook",
    "/opt/tracer/other hook",
    "/opt/mytracer hook",
    7,
    undefined
  ])("are not %p", (other) => {
    expect(hookProgram(other)).toBeUndefined()
  })
})
