import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

// An agent's first card, at the desk.
registry.category("web_tour.tours").add("ecm_agent_tour", {
    url: "/odoo/outbound-desk",
    steps: () => [
        {
            trigger: ".o_ecm_desk button[name=request]:not([disabled])",
            content: _t("Take a card: a customer whom you may call now. The key N does the same."),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: ".o_ecm_desk button[name=call]:not([disabled])",
            content: _t("Read who it is and what to say, then call."),
            tooltipPosition: "left",
            run: "click",
        },
        {
            trigger: ".o_ecm_desk button[name=hang_up]",
            content: _t("The clock runs. End it when you have talked."),
            tooltipPosition: "left",
            run: "click",
        },
        {
            trigger: ".o_ecm_desk .o_ecm_desk_choice:first",
            content: _t("Say what the call came to: a digit on the keyboard, or a click."),
            tooltipPosition: "left",
            run: "click",
        },
        {
            trigger: ".o_ecm_desk button[name=save]:not([disabled])",
            content: _t("A note for whoever calls next, and save. Then comes the next card."),
            tooltipPosition: "left",
            run: "click",
        },
        {
            trigger: ".o_ecm_desk_home button[name=request]",
        },
    ],
});
