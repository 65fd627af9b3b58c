/**
 * What a random user does over several turns. What a version cannot do is left out; the other choices stay the same.
 *
 * Three users: the steady one goes on in one process; the restless one also leaves and comes back, is killed in the middle
 * of a turn, takes turns back, forks from any point, returns to older threads, and changes the model; the busy one has
 * two conversations at once, is asked for approvals, and does not wait for a turn's end to steer, to run a command of
 * its own, to interrupt, or to fork.
 */
import {
  type AppServer,
  type Decision,
  imageInput,
  type RunningTurn,
  type Thread,
  textInput
} from "../codex/app-server.ts"
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

/** Approvals that are granted, mostly; each after a moment. */
const decisions = ["accept", "accept", "accept", "acceptForSession", "decline", "cancel"] as const

export const busyUser = async ({ appServer, codex }: Stage, seed: number): Promise<void> => {
  const app = await appServer()
  const answers = diceAt(seed, "busy user")
  app.decide(async (): Promise<Decision> => {
    await Bun.sleep(answers.between(5, 400))
    return answers.pick(decisions)
  })

  const converse = async (pane: string): Promise<void> => {
    const dice = diceAt(seed, "busy user", pane)
    const thread = await app.startThread({ approvalPolicy: "on-request" })
    /** Something while a turn runs, where the version can do it. */
    const meanwhile = (turn: RunningTurn, at: number): Promise<unknown> =>
      dice.pick<() => Promise<unknown>>([
        () => turn.steer(`and also ${at} ${pane}`),
        () => turn.steer(`and then ${at} ${pane}`),
        () => turn.interrupt(),
        () => (codex.can("userShell") ? thread.shell(`echo the user of ${pane}`) : Promise.resolve()),
        async () => (codex.can("fork") ? (await thread.fork()).prompt(`fork ${at} ${pane}`) : undefined)
      ])()
    const turns = dice.between(2, 4)
    for (let at = 1; at <= turns; at++) {
      const turn = await thread.begin(`prompt ${at} ${pane}`)
      while (dice.chance(40)) {
        await Bun.sleep(dice.between(20, 900))
        // The turn may be over by now.
        await meanwhile(turn, at).catch(() => undefined)
      }
      await turn.ended()
      if (dice.chance(15) && codex.can("compact")) await thread.compact()
    }
  }
  await Promise.all([converse("left"), converse("right")])
  await app.quit()
}
