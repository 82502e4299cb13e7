import { patient } from "@ecm_campaign/../tests/tours/clicks";
import { registry } from "@web/core/registry";

// A supervisor forecasts a campaign, starts it, and finds out why it and one of its contacts are not called.
registry.category("web_tour.tours").add("ecm_dialer_explain", {
    url: "/odoo/outbound-campaigns",
    steps: () =>
        patient([
            {
                trigger: ".o_kanban_record:contains('Idle offer')",
                run: "click",
            },
            {
                content: "Choose a strategy",
                trigger: ".o_form_view .o_field_widget[name=strategy_id] input",
                run: "edit Three voice",
            },
            {
                trigger: ".o-autocomplete--dropdown-item:contains('Three voice attempts')",
                run: "click",
            },
            {
                content: "Look before anything is dialled",
                trigger: "button[name=action_dry_run]",
                run: "click",
            },
            {
                trigger: ".o_field_widget[name=rate_ids] .o_data_row:contains('Busy')",
            },
            {
                trigger: ".o_form_view button[name=action_run]",
                run: "click",
            },
            {
                content: "How many calls, until when",
                trigger: ".o_field_widget[name=hints]:contains('calls are made')",
            },
            {
                content: "Who is held back",
                trigger: ".o_field_widget[name=blocked_ids] .o_data_row:contains('List stopped')",
            },
            {
                trigger:
                    ".o_breadcrumb a:contains('Idle offer'), .o_breadcrumb .o_back_button:contains('Idle offer')",
                run: "click",
            },
            {
                content: "Start",
                trigger: ".o_ecm_campaign_form button[name=action_start]",
                run: "click",
            },
            {
                content: "It does not dial",
                trigger:
                    ".o_ecm_campaign_form .o_field_widget[name=status]:contains('Cannot dial')",
            },
            {
                trigger: ".o_form_view button[name=action_explain]",
                run: "click",
            },
            {
                content: "The dialer is what holds it",
                trigger:
                    ".o_ecm_explain [data-check=target][data-verdict=held]:contains('disabled on the dialer')",
            },
            {
                trigger: ".o_ecm_explain [data-check=running][data-verdict=passes]",
            },
            {
                content: "Open those of the stopped list",
                trigger: ".o_ecm_explain_groups tr[data-code=held] a:contains('List stopped')",
                run: "click",
            },
            {
                trigger:
                    ".o_list_view .o_data_row:contains('+493023125009') button[name=action_explain]",
                run: "click",
            },
            {
                content: "Why this one is not called",
                trigger: ".o_ecm_explain [data-check=list][data-verdict=held]:contains('Old wave')",
            },
            {
                trigger: ".o_ecm_explain footer button:contains('Close')",
                run: "click",
            },
            {
                trigger: "body:not(:has(.o_ecm_explain))",
            },
        ]),
});
