/**
 * The steps of a job that takes no more than so many clicks; what is typed, dropped or chosen counts
 * as one.
 */
export function atMost(clicks, steps) {
    const made = steps.filter((step) => step.run).length;
    if (made > clicks) {
        throw new Error(`${made} clicks instead of ${clicks}`);
    }
    return steps;
}

export const click = (trigger) => ({ trigger, run: "click" });
export const edit = (trigger, text) => ({ trigger, run: `edit ${text}` });
export const see = (trigger) => ({ trigger });
