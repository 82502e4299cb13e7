// The longest that Odoo allows for a step: a busy machine draws a form in more than ten seconds.
const PATIENCE_MS = 60000;

/** Steps that wait for a busy machine. */
export const patient = (steps) => steps.map((step) => ({ timeout: PATIENCE_MS, ...step }));

/**
 * The steps of a job that takes no more than so many clicks; what is typed, dropped or chosen counts
 * as one.
 */
export function atMost(clicks, steps) {
    const made = steps.filter((step) => step.run).length;
    if (made > clicks) {
        throw new Error(`${made} clicks instead of ${clicks}`);
    }
    return patient(steps);
}

export const click = (trigger) => ({ trigger, run: "click" });
export const edit = (trigger, text) => ({ trigger, run: `edit ${text}` });
export const see = (trigger) => ({ trigger });
