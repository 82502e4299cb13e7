import { patient } from "@ecm_campaign/../tests/tours/clicks";

import { registry } from "@web/core/registry";

const MOST_CLICKS = 10;
// German headings, numbers without a country, a useless first phone, the same person twice.
const FILE = `Anrede;Vorname;Nachname;Telefon;Mobil
Frau;Jördis;Brüning;030 23125 001;
Herr;Olaf;Weiß;keins;(0)30 / 23125-002
Frau;Jördis;Brüning;030 23125 001;
Herr;Niemand;Ohne;;
Frau;Anke;Groß;+49 30 23125 003;030 23125 004
`;
let clicks = 0;

function count() {
    clicks += 1;
}

/** Drop a file, as from the desktop. */
function dropFile({ anchor }) {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([FILE], "kunden.csv", { type: "text/csv" }));
    for (const type of ["dragenter", "dragover", "drop"]) {
        const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer });
        anchor.dispatchEvent(event);
    }
}

// A supervisor goes from nothing to a campaign that runs. Every click in the page counts, whatever made it.
registry.category("web_tour.tours").add("ecm_dialer_start", {
    url: "/odoo/outbound-campaigns",
    steps: () =>
        patient([
            {
                content: "The first steps say what is done and what is next",
                trigger: ".o_ecm_first_steps [data-step=dialer]:has(.fa-check)",
                run: () => document.addEventListener("click", count, true),
            },
            {
                trigger:
                    ".o_ecm_first_steps [data-step=campaign].btn-primary, .o_ecm_first_steps [data-step=hours].btn-primary",
            },
            {
                trigger: ".o_control_panel .o-kanban-button-new",
                run: "click",
            },
            {
                trigger: ".o_field_widget[name=name] input",
                run: "edit Tour to the start",
            },
            {
                trigger: ".o_form_view button[name=action_upload_contacts]",
                run: "click",
            },
            {
                trigger: ".modal .o_ecm_drop_zone",
                run: dropFile,
            },
            {
                trigger: ".modal .alert:contains('Germany') button[name=action_use_country]",
                run: "click",
            },
            {
                content: "The number that is good moves up",
                trigger: ".modal .o_ecm_column_preview:contains('+493023125002')",
            },
            {
                trigger: ".modal button[name=action_import]:not([disabled])",
                run: "click",
            },
            {
                trigger: ".o_form_view button[name=action_open_campaign]",
                run: "click",
            },
            {
                content: "Nothing is chosen that calls: Start marks the field",
                trigger: ".o_ecm_campaign_form button[name=action_start]",
                run: "click",
            },
            {
                trigger: ".o_notification:contains('Choose the Cisco campaign')",
            },
            {
                trigger: ".o_field_widget[name=dialer_campaign_id].o_ecm_missing input:focus",
                run: "click",
            },
            {
                trigger: ".o-autocomplete--dropdown-item:contains('Sales of the tour')",
                run: "click",
            },
            {
                trigger: ".o_ecm_campaign_form button[name=action_start]",
                run: "click",
            },
            {
                content: "It runs: the steps are gone, and the toggle with them",
                trigger:
                    ".o_ecm_campaign_form:has(button[name=action_stop].btn-secondary):not(:has(.o_ecm_first_steps))",
                run: () => {
                    document.removeEventListener("click", count, true);
                    if (!clicks || clicks > MOST_CLICKS) {
                        throw new Error(`${clicks} clicks, and not at most ${MOST_CLICKS}`);
                    }
                },
            },
        ]),
});
