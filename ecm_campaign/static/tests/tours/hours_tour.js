import { edit, press } from "@odoo/hoot-dom";
import { registry } from "@web/core/registry";
import { patient } from "./clicks";

const MOST_CLICKS = 8;
let clicks = 0;

function count() {
    clicks += 1;
}

/** Write where the cursor is. */
function write(text) {
    return () => edit(text);
}

// A supervisor sets hours with a break and a holiday. Every click in the page counts, whatever made it.
registry.category("web_tour.tours").add("ecm_campaign_hours", {
    steps: () =>
        patient([
            {
                trigger:
                    ".o_menu_sections [data-menu-xmlid='ecm_campaign.ecm_campaign_menu_configuration']",
                run: () => document.addEventListener("click", count, true),
            },
            {
                trigger:
                    ".o_menu_sections [data-menu-xmlid='ecm_campaign.ecm_campaign_menu_configuration']",
                run: "click",
            },
            {
                trigger: "[data-menu-xmlid='ecm_campaign.ecm_calling_hours_menu']",
                run: "click",
            },
            {
                content: "New",
                trigger: ".o_last_breadcrumb_item:contains('Calling Hours')",
            },
            {
                trigger: ".o_list_button_add",
                run: "click",
            },
            {
                content: "The name has the cursor",
                trigger: ".o_field_widget[name=name] input:focus",
                run: write("Tour hours"),
            },
            {
                content: "A break at noon",
                trigger: ".o_field_widget[name=monday] input",
                run: "edit 9-13, 14-20",
            },
            {
                content: "A holiday",
                trigger: ".o_field_widget[name=holiday_ids] .o_field_x2many_list_row_add a",
                run: "click",
            },
            {
                content: "Its date has the cursor",
                trigger:
                    ".o_field_widget[name=holiday_ids] .o_field_widget[name=date_from] input:focus",
                run: write(`01/02/${new Date().getFullYear() + 1}`),
            },
            {
                trigger: ".o_field_widget[name=holiday_ids] .o_field_widget[name=date_from] input",
                run: () => press("Tab"),
            },
            {
                trigger: ".o_field_widget[name=holiday_ids] .o_field_widget[name=name] input:focus",
                run: write("Inventory"),
            },
            {
                content: "Save",
                trigger: ".o_form_button_save",
                run: "click",
            },
            {
                trigger: ".o_form_saved",
                run: () => {
                    document.removeEventListener("click", count, true);
                    if (!clicks || clicks > MOST_CLICKS) {
                        throw new Error(`${clicks} clicks, and not at most ${MOST_CLICKS}`);
                    }
                },
            },
        ]),
});
