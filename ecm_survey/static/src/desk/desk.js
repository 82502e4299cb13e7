import { Desk } from "@ecm_agent/desk/desk";
import { useHotkey } from "@web/core/hotkeys/hotkey_hook";
import { patch } from "@web/core/utils/patch";

import { useExternalListener, useRef } from "@odoo/owl";

/**
 * The script stands in the middle of the card. During the call it has the focus until all is answered; then the wrap-up
 * is chosen as the answers say, and the focus is where it is saved.
 */
patch(Desk.prototype, {
    setup() {
        super.setup();
        this.survey = useRef("survey");
        useHotkey("q", () => this.focusSurvey(), {
            isAvailable: () => Boolean(this.card?.survey),
        });
        useExternalListener(window, "message", (event) => this.onSurveyMessage(event));
    },

    /** Whether the next step is a question. */
    get asksQuestions() {
        const { survey, state } = this.card || {};
        const isCalled = state === "calling" || state === "unfinished";
        return Boolean(survey && !survey.is_done && isCalled && !this.state.choice);
    },

    get isPreset() {
        return Boolean(this.card.preset) && this.state.choice === this.card.preset;
    },

    focusSurvey() {
        this.survey.el?.focus();
        this.survey.el?.contentWindow.focus();
    },

    focusNext() {
        if (this.state.isBusy) {
            return;
        }
        if (this.asksQuestions) {
            this.focusSurvey();
        } else {
            super.focusNext();
        }
    },

    show(desk) {
        super.show(desk);
        // What the agent has chosen stands.
        if (this.canWrapUp && this.card.preset && !this.state.choice) {
            this.choose(this.card.choices.find((each) => each.code === this.card.preset));
        }
    },

    async onSurveyMessage({ origin, source, data }) {
        if (origin !== window.location.origin || source !== this.survey.el?.contentWindow) {
            return;
        }
        if (data.ecmScript === "ready" && this.asksQuestions) {
            this.focusSurvey();
        } else if (data.ecmScript === "left") {
            this.focusBesideSurvey();
        } else if (data.ecmScript === "done" && !this.card.survey.is_done) {
            await this.load(true);
            this.focusBesideSurvey();
        }
    },

    focusBesideSurvey() {
        this.survey.el?.blur();
        window.focus();
        if (this.choice) {
            this.focusAfterChoice();
        } else {
            super.focusNext();
        }
    },
});
