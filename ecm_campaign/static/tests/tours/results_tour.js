import { registry } from "@web/core/registry";
import { patient } from "./clicks";

const MOST_CLICKS = 1;
let clicks = 0;

function count() {
    clicks += 1;
}

// A supervisor sees what a campaign came to. Every click in the page counts, whatever made it.
registry.category("web_tour.tours").add("ecm_campaign_results", {
    url: "/odoo/outbound-campaigns",
    steps: () =>
        patient([
            {
                trigger: ".o_kanban_record:contains('Tour of results')",
                run: () => document.addEventListener("click", count, true),
            },
            {
                content: "A campaign that was started opens on its results",
                trigger: ".o_kanban_record:contains('Tour of results') .fw-bold",
                run: "click",
            },
            {
                trigger:
                    ".o_ecm_result_tile[data-what=reached]:contains('50%'):contains('1 contact')",
            },
            {
                trigger: ".o_ecm_result_lists tr:contains('first.csv'):contains('2')",
                run: () => {
                    document.removeEventListener("click", count, true);
                    if (clicks !== MOST_CLICKS) {
                        throw new Error(`${clicks} clicks, and not ${MOST_CLICKS}`);
                    }
                },
            },
            {
                content: "A number opens what it counts",
                trigger: ".o_ecm_result_tile[data-what=reached]",
                run: "click",
            },
            {
                trigger: ".o_list_view:has(.o_data_row:only-child:contains('+493023125001'))",
            },
            {
                trigger:
                    ".o_breadcrumb a:contains('Tour of results'), .o_breadcrumb .o_back_button",
                run: "click",
            },
            {
                trigger: ".o_ecm_result_outcomes tr:contains('Busy') a:contains('1')",
                run: "click",
            },
            {
                trigger: ".o_list_view:has(.o_data_row:only-child:contains('Busy'))",
            },
        ]),
});
