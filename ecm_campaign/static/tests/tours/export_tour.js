import { registry } from "@web/core/registry";
import { atMost, click, patient } from "./clicks";

// From the list of contacts: all that the filter finds, as CSV.
registry.category("web_tour.tours").add("ecm_campaign_export", {
    url: "/odoo/outbound-contacts",
    steps: () =>
        atMost(4, [
            click(".o_control_panel button[name=action_export]"),
            {
                content: "How many rows that are is said before",
                trigger: ".modal .o_field_widget[name=row_count]:contains('3')",
            },
            click(".modal .o_field_widget[name=file_format] label:contains('CSV')"),
            {
                trigger: ".modal .o_data_row:contains('Customer key')",
            },
            click(".modal button[name=action_start]"),
            {
                trigger:
                    "body:not(:has(.modal)) .o_form_view .o_statusbar_status .o_arrow_button_current:contains('Queued')",
            },
        ]),
});

// The file is there.
registry.category("web_tour.tours").add("ecm_campaign_export_ready", {
    url: "/odoo/outbound-exports",
    steps: () =>
        patient([
            {
                trigger: ".o_list_view .o_data_row button[name=action_download]",
            },
            click(".o_list_view .o_data_row:contains('CSV') .o_data_cell[name=source]"),
            {
                trigger:
                    ".o_form_view .o_field_widget[name=file_ids] .o_data_row:contains('.csv') button[name=action_download]",
            },
        ]),
});
