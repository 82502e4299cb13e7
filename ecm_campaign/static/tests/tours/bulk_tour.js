import { registry } from "@web/core/registry";
import { atMost, click, patient } from "./clicks";

// From the list of campaigns: who was not reached is called again.
registry.category("web_tour.tours").add("ecm_campaign_call_again", {
    url: "/odoo/outbound-campaigns",
    steps: () =>
        atMost(5, [
            click(".o_kanban_view .o_kanban_record:contains('Spring offer') .fw-bold"),
            click(".o_form_view button[name=action_call_again]"),
            {
                content: "How many that would be is said before",
                trigger:
                    ".modal:has(.o_field_widget[name=source]:contains('Spring offer')) .o_field_widget[name=fitting_count]:contains('1')",
            },
            click(".modal button[name=action_start]"),
            {
                trigger:
                    ".o_notification:contains('1 contacts are called again'):contains('can be undone until')",
            },
            {
                trigger: "body:not(:has(.modal)) .o_form_view",
            },
        ]),
});

// From the list of uploads: the wrong file goes.
registry.category("web_tour.tours").add("ecm_campaign_wrong_file", {
    url: "/odoo/outbound-lists",
    steps: () =>
        atMost(3, [
            click(".o_list_view .o_data_row:contains('wrong.csv') .o_data_cell[name=name]"),
            click(".o_form_view button[name=action_ask_undo]"),
            {
                trigger: ".modal .o_field_widget[name=deleted_count]:contains('2')",
            },
            click(".modal button[name=action_undo]"),
            {
                trigger: ".o_notification:contains('2 contacts that were not called were deleted')",
            },
            {
                trigger: ".o_statusbar_status .o_arrow_button_current:contains('Cancelled')",
            },
        ]),
});

// Without choosing anybody: all that the filter finds is given another priority, and undone.
registry.category("web_tour.tours").add("ecm_campaign_change_in_bulk", {
    url: "/odoo/outbound-contacts",
    steps: () =>
        patient([
            click(".o_control_panel button[name=action_change_in_bulk]"),
            click(".modal .o_field_widget[name=action] label:contains('Change priority')"),
            {
                trigger: ".modal .o_field_widget[name=priority] input",
                run: "edit 5",
            },
            click(".modal button[name=action_start]"),
            {
                trigger: ".o_notification:contains('have the new priority')",
            },
            {
                trigger: "body:not(:has(.modal)) .o_list_view",
            },
        ]),
});

// A list that one campaign has: another one calls the same people as well.
registry.category("web_tour.tours").add("ecm_campaign_share_list", {
    url: "/odoo/outbound-lists",
    steps: () =>
        patient([
            click(".o_list_view .o_data_row:contains('customers.csv') .o_data_cell[name=name]"),
            click(".o_form_view button[name=action_feed_campaigns]"),
            {
                content: "By default nobody is called by two campaigns at the same time",
                trigger:
                    ".modal .o_field_widget[name=sharing] .o_radio_input:checked + label:contains('one campaign at a time')",
            },
            {
                trigger: ".modal .o_field_widget[name=campaign_ids] input",
                run: "edit Second offer",
            },
            click(".o-autocomplete--dropdown-item:contains('Second offer') a"),
            {
                trigger:
                    ".modal .o_field_widget[name=campaign_ids] .o_tag:contains('Second offer')",
            },
            click(".modal button[name=action_feed]"),
            {
                trigger:
                    "body:not(:has(.modal)) .o_field_widget[name=list_ids]:contains('Second offer')",
            },
        ]),
});
