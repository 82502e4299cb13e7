import { registry } from "@web/core/registry";
import { click, patient, see } from "@ecm_campaign/../tests/tours/clicks";

registry.category("web_tour.tours").add("ecm_callback_cancel", {
    steps: () =>
        patient([
            click(".o_data_row:contains('Brandt') .o_data_cell[name=display_title]"),
            see(".o_form_view .o_field_widget[name=due_local]:contains('Europe/Berlin')"),
            click(".o_form_view button[name=action_cancel]"),
            click(".modal .btn-primary"),
            see(".o_statusbar_status .o_arrow_button_current:contains('Cancelled')"),
        ]),
});

registry.category("web_tour.tours").add("ecm_callback_calendar", {
    steps: () =>
        patient([
            see(".o_calendar_view .fc-event:contains('Brandt')"),
            click(".o_calendar_view .fc-event:contains('Brandt')"),
            see(".o_cw_popover:contains('+493023125078')"),
            click(".o_cw_popover_close, .o_cw_popover .btn-close, .o_cw_popover_edit"),
        ]),
});
