/**
 * What a random user does over several turns. What a version cannot do is left out; the other choices stay the same.
 *
 * Two users: the steady one goes on in one process, the restless one also leaves and comes back, is killed in the middle of
 * a turn, takes turns back, forks from any point, returns to older threads, and changes the model.
 */
import { type AppServer, imageInput, type RunningTurn, type Thread, textInput } from "../codex/app-server.ts"
import { pixel } from "../pixel.ts"
import type { Stage } from "../scenario.ts"
import { type Dice, diceAt } from "./dice.ts"

export const steadyUser = async ({ appServer, codex }: Stage, seed: number): Promise<void> => {
  const dice = diceAt(seed, "user")
  const app = await appServer()
  let thread: Thread = await app.startThread()
  const turns = dice.between(3, 5)
  for (let at = 1; at <= turns; at++) {
    if (at > 1 && dice.chance(20) && codex.can("compact")) await thread.compact()
    if (dice.chance(15) && codex.can("userShell")) await thread.shell(`echo the user says ${at}`)
    if (at > 1 && dice.chance(10) && codex.can("fork")) thread = await thread.fork()
    const turn = await thread.begin(`prompt ${at}`)
    if (dice.chance(25)) await disturb(dice, turn, at)
    await turn.ended()
  }
  await app.quit()
}

const disturb = async (dice: Dice, turn: RunningTurn, at: number): Promise<void> => {
  await Bun.sleep(dice.between(50, 1500))
  // The turn may be over by now: then there is nothing to interrupt or to steer.
  await (dice.chance(60) ? turn.interrupt() : turn.steer(`and also ${at}`)).catch(() => undefined)
}

export const restlessUser = async ({ appServer, codex, model }: Stage, seed: number): Promise<void> => {
  const dice = diceAt(seed, "restless user")
  let app: AppServer = await appServer()
  let thread: Thread = await app.startThread()
  const threads = new Set([thread.id])
  let last: RunningTurn | undefined

  const returnTo = async (id: string): Promise<void> => {
    thread = await app.resumeThread(id)
    last = undefined
  }
  const comeBack = async (): Promise<void> => {
    await app.quit()
    app = await appServer()
    await returnTo(thread.id)
  }
  const fork = async (): Promise<void> => {
    const from = last !== undefined && codex.can("revert") && dice.chance(50) ? { beforeTurnId: last.id } : {}
    thread = await thread.fork(from)
    threads.add(thread.id)
    last = undefined
  }
  const takeBack = async (): Promise<void> => {
    if (last === undefined) return
    await (codex.can("revert") ? thread.revertTo(last) : thread.rollback(1))
    last = undefined
  }
  /** Something between two turns, where the version can do it. */
  const between = (): Promise<void> => {
    const [first, ...others] = [...threads]
    return dice.pick<() => Promise<void>>([
      () => comeBack(),
      () => comeBack(),
      () => (codex.can("fork") ? fork() : Promise.resolve()),
      () => (codex.can("fork") ? takeBack() : Promise.resolve()),
      () => (codex.can("compact") ? thread.compact() : Promise.resolve()),
      () => (codex.can("userShell") ? thread.shell("echo the user") : Promise.resolve()),
      () => thread.review("look at it"),
      () => returnTo(dice.pick([first ?? thread.id, ...others]))
    ])()
  }

  const turns = dice.between(4, 6)
  for (let at = 1; at <= turns; at++) {
    if (at > 1 && dice.chance(60)) await between()
    const prompt = textInput(`prompt ${at}`)
    const input = dice.chance(15) ? [prompt, imageInput(`data:image/png;base64,${pixel}`)] : [prompt]
    const settings = dice.chance(15) ? { effort: "high" } : {}
    const turn = await thread.begin(input, settings)
    if (dice.chance(15)) {
      await model.asked((request) => request.thread_id === thread.id && request.outcome === "open")
      await Bun.sleep(dice.between(20, 900))
      await app.crash()
      app = await appServer()
      await returnTo(thread.id)
      continue
    }
    if (dice.chance(25)) await disturb(dice, turn, at)
    await turn.ended()
    last = turn
  }
  await app.quit()
}
