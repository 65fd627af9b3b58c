/**
 * What a comparison says about a case: counts, errors in milliseconds, and each lie in words.
 */

/** A count of what is right out of what was owed. */
export interface Tally {
  readonly right: number
  readonly of: number
}

/** Distances from the truth in milliseconds, unsorted; 0 inside a window. */
export type Errors = ReadonlyArray<number>

export interface Judgement {
  /** Calls of the model, tools, turns, threads and compactions that are owed and there. */
  readonly found: {
    readonly calls: Tally
    readonly tools: Tally
    readonly turns: Tally
    readonly threads: Tally
    readonly compactions: Tally
  }
  readonly inputs: Tally
  readonly instructions: Tally
  readonly usage: Tally
  /** One a session tree: tokens of all its calls against what was reported for them. */
  readonly sums: Tally
  /** Every span but the doubtful ones. */
  readonly parents: Tally
  /** Nested calls of cells that ran while another one did. */
  readonly doubtfulParents: Tally
  readonly ghosts: number
  readonly times: {
    readonly llmStart: Errors
    /** The same for calls that a hook announced. */
    readonly llmStartHooked: Errors
    readonly llmEnd: Errors
    readonly toolStart: Errors
    readonly toolEnd: Errors
    /** Calls without item or hook: only their records tell. */
    readonly recordStart: Errors
    readonly recordEnd: Errors
    readonly turnStart: Errors
    readonly turnEnd: Errors
  }
  /** Each lie, in words. */
  readonly findings: ReadonlyArray<string>
}

export const sumTallies = (tallies: ReadonlyArray<Tally>): Tally => ({
  right: tallies.reduce((sum, tally) => sum + tally.right, 0),
  of: tallies.reduce((sum, tally) => sum + tally.of, 0)
})

/** The judgement of all cases as one. */
export const total = (judgements: ReadonlyArray<Judgement>): Judgement => {
  const tally = (pick: (judgement: Judgement) => Tally) => sumTallies(judgements.map(pick))
  const errors = (pick: (times: Judgement["times"]) => Errors) => judgements.flatMap(({ times }) => pick(times))
  return {
    found: {
      calls: tally((one) => one.found.calls),
      tools: tally((one) => one.found.tools),
      turns: tally((one) => one.found.turns),
      threads: tally((one) => one.found.threads),
      compactions: tally((one) => one.found.compactions)
    },
    inputs: tally((one) => one.inputs),
    instructions: tally((one) => one.instructions),
    usage: tally((one) => one.usage),
    sums: tally((one) => one.sums),
    parents: tally((one) => one.parents),
    doubtfulParents: tally((one) => one.doubtfulParents),
    ghosts: judgements.reduce((sum, one) => sum + one.ghosts, 0),
    times: {
      llmStart: errors((times) => times.llmStart),
      llmStartHooked: errors((times) => times.llmStartHooked),
      llmEnd: errors((times) => times.llmEnd),
      toolStart: errors((times) => times.toolStart),
      toolEnd: errors((times) => times.toolEnd),
      recordStart: errors((times) => times.recordStart),
      recordEnd: errors((times) => times.recordEnd),
      turnStart: errors((times) => times.turnStart),
      turnEnd: errors((times) => times.turnEnd)
    },
    findings: judgements.flatMap((one) => one.findings)
  }
}

/** The value that a share of the errors does not exceed; undefined without errors. */
export const percentile = (errors: Errors, share: number): number | undefined => {
  const sorted = [...errors].sort((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
}
