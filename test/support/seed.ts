/** The seed of all property tests of a run: in their names, and so in the output; `FC_SEED` repeats a run. */
export const SEED = Number(process.env["FC_SEED"] ?? Date.now() % 2 ** 31);
