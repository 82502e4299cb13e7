import { registry } from "@web/core/registry";
import { click, patient, see } from "@ecm_campaign/../tests/tours/clicks";

registry.category("web_tour.tours").add("ecm_crm_launch", {
    steps: () =>
        patient([
            click(".o_data_row:contains('Fair lead A') .o_list_record_selector input"),
            click(".o_data_row:contains('Fair lead B') .o_list_record_selector input"),
            click(".o_control_panel button[name=action_ecm_launch]"),
            see(".o_form_view .o_field_widget[name=chosen_text]:contains('2 records')"),
            click(".o_field_widget[name=campaign_id] input"),
            click(".o-autocomplete--dropdown-item:contains('Spring offer')"),
            see(".o_field_widget[name=fitting_count]:contains('1')"),
            see(".o_field_widget[name=no_number_count]:contains('1')"),
            click("button[name=action_launch]"),
            see(".o_arrow_button_current:contains('Launched')"),
        ]),
});

registry.category("web_tour.tours").add("ecm_crm_pop", {
    steps: () =>
        patient([
            see(".o_form_view .o_field_widget[name=phone]:contains('+493023125000')"),
            see(".o_data_row:contains('Second lead')"),
            click(".o_data_row:contains('First lead') button[name=action_open]"),
            see(".o_form_view .o_field_widget[name=name] :value('First lead')"),
        ]),
});

registry.category("web_tour.tours").add("ecm_crm_timeline", {
    steps: () =>
        patient([
            click(".o_notebook .nav-link[name=ecm_attempts]"),
            see(".o_ecm_timeline li:contains('No answer'):contains('+493023125000')"),
        ]),
});
