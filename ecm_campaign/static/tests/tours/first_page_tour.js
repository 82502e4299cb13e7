import { registry } from "@web/core/registry";

import { patient } from "./clicks";

// From the page of an empty database to the first campaign, and back to where it stands.
registry.category("web_tour.tours").add("ecm_campaign_first_page", {
    url: "/odoo/outbound-campaigns",
    steps: () =>
        patient([
            {
                content: "The steps are the page: no made-up campaigns stand below",
                trigger: "header.o_ecm_guide:contains('Your first campaign')",
            },
            {
                trigger: ".o_ecm_guide [data-step=campaign]",
                run: "click",
            },
            {
                trigger: ".o_ecm_campaign_form .o_field_widget[name=name] input",
                run: "edit Our first",
            },
            {
                trigger: ".o_form_button_save",
                run: "click",
            },
            {
                content: "The form goes on with them",
                trigger:
                    ".o_ecm_campaign_form .o_ecm_first_steps [data-step=campaign]:has(.fa-check)",
            },
            {
                trigger: ".o_back_button",
                run: "click",
            },
            {
                trigger: ".o_kanban_record:contains('Our first')",
            },
            {
                content: "Above a campaign they are a band",
                trigger: "body:not(:has(.o_ecm_guide)) .o_ecm_first_steps [data-step=dry_run]",
                run: "click",
            },
            {
                trigger: ".o_form_view button[name=action_run]",
            },
        ]),
});
