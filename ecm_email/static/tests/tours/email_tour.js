import { click, patient } from "@ecm_campaign/../tests/tours/clicks";
import { registry } from "@web/core/registry";

// What counts as an answer to a step that is an e-mail, and how long it is awaited.
registry.category("web_tour.tours").add("ecm_email_step", {
    url: "/odoo/outbound-strategies",
    steps: () =>
        patient([
            click(".o_list_view .o_data_row:contains('Mail first') .o_data_cell[name=name]"),
            click(".o_form_view .o_field_widget[name=attempt_ids] .o_kanban_record:first"),
            click(".modal .o_field_widget[name=email_ends_on] input"),
            click(".o_select_menu_item:contains('a reply'):not(:contains('click'))"),
            {
                trigger: ".modal .o_field_widget[name=email_reply_hours] input",
                run: "edit 48:00",
            },
            {
                content: "A call's and a text's settings are not there",
                trigger: ".modal:not(:has(.o_field_widget[name=sms_template_id]))",
            },
            click(".modal .o_form_button_save"),
            {
                trigger: "body:not(:has(.modal)) .o_form_view .o_form_saved",
            },
        ]),
});

// From an e-mail that was opened to its contact.
registry.category("web_tour.tours").add("ecm_email_seen", {
    url: "/odoo/outbound-emails",
    steps: () =>
        patient([
            click(".o_list_view .o_data_row:contains('p0@example.com') .o_data_cell[name=email]"),
            {
                trigger: ".o_form_view .o_field_widget[name=opened_at]:contains('Mar 2')",
            },
            click(".o_form_view .o_field_widget[name=contact_id] a"),
            {
                trigger:
                    ".o_form_view .o_field_widget[name=email_message_ids] .o_data_row:contains('Hello P0')",
            },
        ]),
});
