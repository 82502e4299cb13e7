import { registry } from "@web/core/registry";
import { click, edit, patient, see } from "@ecm_campaign/../tests/tours/clicks";

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

/** A day of next month, as the calendar names it. */
const dayOf = (day) => luxon.DateTime.now().plus({ months: 1 }).set({ day }).toISODate();
const cellOf = (day) => `.fc-daygrid-day[data-date='${dayOf(day)}']`;

registry.category("web_tour.tours").add("ecm_callback_drag", {
    steps: () =>
        patient([
            click(".scale_button_selection"),
            click(".o_scale_button_month"),
            click(".o_calendar_button_next"),
            {
                trigger: `${cellOf(11)} .fc-event:contains('Brandt')`,
                run: `drag_and_drop ${cellOf(12)} .fc-daygrid-day-events`,
            },
            see(`${cellOf(12)} .fc-event:contains('Brandt')`),
        ]),
});

registry.category("web_tour.tours").add("ecm_callback_free_slot", {
    steps: () =>
        patient([
            see(".o_form_view .o_ecm_free_slots:contains('Fill in number and skill')"),
            edit(".o_form_view .o_field_widget[name=number] input", "+49 30 23125078"),
            edit(".o_form_view .o_field_widget[name=skill_id] input", "Front desk"),
            click(".o-autocomplete--dropdown-item a:contains('Front desk')"),
            see(".o_form_view .o_ecm_free_slots:contains('Europe/Berlin')"),
            click(".o_form_view .o_ecm_free_slots button:last-of-type"),
            click(".o_form_button_save"),
            see(".o_form_saved"),
        ]),
});
