import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";

import { EventBus } from "@odoo/owl";

/**
 * Says to the server that the agent's browser is there, for as long as the page is open: also while the agent looks
 * at another screen. When the page is closed, the card goes back to the queue.
 *
 * It tells the desk in an event `change`, of `{ state, notice }`, when the card is not in hand any more, and in an event
 * `beat`, of whether the server was heard of.
 */
export const leaseService = {
    dependencies: ["orm"],
    start(env, { orm }) {
        const bus = new EventBus();
        let cardId = false;
        let timer = false;

        async function beat() {
            const id = cardId;
            let answer = false;
            try {
                answer = await orm.silent.call("ecm.card", "keep", [[id]]);
            } catch (error) {
                // A network that is away for a moment: the next beat may come through.
                bus.trigger("beat", { isHeard: false, error });
                return;
            }
            // Meanwhile it may have been wrapped up.
            if (id !== cardId) {
                return;
            }
            bus.trigger("beat", { isHeard: true });
            if (answer.notice) {
                bus.trigger("change", answer);
            }
        }

        return {
            bus,
            beat,
            /** @param {number|false} id of the card in hand, false for none */
            hold(id, seconds) {
                browser.clearInterval(timer);
                cardId = id;
                timer = id && browser.setInterval(beat, seconds * 1000);
            },
        };
    },
};

registry.category("services").add("ecm_agent_lease", leaseService);
