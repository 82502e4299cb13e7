import { registry } from "@web/core/registry";
import { dropFile } from "./campaign_tour";
import { atMost, click, edit, see } from "./clicks";

const REPAIRED = "phone\n+493023125009\n";

function addJob(name, clicks, steps) {
    registry
        .category("web_tour.tours")
        .add(`ecm_campaign_job_${name}`, { steps: () => atMost(clicks, steps) });
}

const openCampaign = click(".o_kanban_record:contains('Spring offer') .fw-bold");
const openPerson = click(
    ".o_list_view .o_data_row:contains('Brooks') .o_data_cell[name=last_name]"
);
const change = click(".o_control_panel button[name=action_change_in_bulk]");
const choose = (label) => click(`.modal .o_field_widget[name=action] label:contains('${label}')`);
const start = click(".modal button[name=action_start]");

addJob("explain", 2, [
    openCampaign,
    click(".o_form_view button[name=action_explain]"),
    see(".o_ecm_explain [data-check=running][data-verdict=held]"),
    see(".o_ecm_explain [data-check=schedule][data-verdict=passes]"),
]);

addJob("dry_run", 3, [
    openCampaign,
    click(".o_form_view button[name=action_dry_run]"),
    click(".o_form_view button[name=action_run]"),
    see(".o_field_widget[name=hints]:contains('calls are made')"),
]);

// Half of the calls go to others, and everybody who is reached asks for another call.
addJob("what_if", 9, [
    openCampaign,
    click(".o_form_view button[name=action_dry_run]"),
    edit(".o_field_widget[name=others_percent] input", "50 && press Tab"),
    edit(".o_field_widget[name=others_calls] input", "10"),
    click(".o_field_widget[name=wrap_up_ids] .o_field_x2many_list_row_add a"),
    edit(".o_field_widget[name=wrap_up_ids] [name=business_outcome_id] input", "Later"),
    click(".o-autocomplete--dropdown-item:contains('Later') a"),
    edit(".o_field_widget[name=wrap_up_ids] [name=percent] input", "100 && press Tab"),
    click(".o_form_view button[name=action_run]"),
    see(".o_field_widget[name=hints]:contains('calls are made')"),
    see(".o_field_widget[name=others_percent]:contains('50')"),
]);

addJob("stop_list", 2, [
    click(".o_list_view .o_data_row:contains('spring.csv') .o_data_cell[name=name]"),
    click(".o_form_view button[name=action_stop]"),
    see(".o_form_view .o_field_widget[name=status]:contains('Stopped')"),
]);

addJob("block", 5, [
    edit(".o_searchview_input", "030 2312 5001 && press Enter"),
    openPerson,
    click(".o_form_view button:contains('Do not contact')"),
    edit(".modal .o_field_widget[name=reason] input", "Asked on the phone"),
    click(".modal button[name=action_add]"),
    see(".o_notification:contains('+493023125001'):contains('Contacts closed')"),
    see("body:not(:has(.modal)) .o_form_view .o_field_widget[name=state]:contains('DNC')"),
]);

addJob("reschedule", 4, [
    change,
    choose("Reschedule"),
    edit(".modal .o_field_widget[name=start_at] input", "01/02/2099 09:00:00 && press Tab"),
    start,
    see(".o_notification:contains('have a new time'):contains('can be undone until')"),
    see("body:not(:has(.modal)) .o_list_view"),
]);

addJob("move", 5, [
    change,
    choose("Move"),
    edit(".modal .o_field_widget[name=campaign_id] input", "Autumn"),
    click(".o-autocomplete--dropdown-item:contains('Autumn offer')"),
    start,
    see(".o_notification:contains('were moved')"),
    see("body:not(:has(.modal)) .o_list_view"),
]);

addJob("repair", 6, [
    click(".o_list_view .o_data_row:contains('spring.csv') .o_data_cell[name=name]"),
    click(".o_form_view button[name=action_download_repairable]"),
    click(".o_form_view .o_field_widget[name=campaign_id] a"),
    click(".o_ecm_campaign_form button[name=action_upload_contacts]"),
    {
        trigger: ".modal .o_ecm_drop_zone",
        run: ({ anchor }) => dropFile(anchor, "repaired.csv", REPAIRED),
    },
    see(".modal .o_ecm_column_preview tr:contains('+493023125009')"),
    click(".modal button[name=action_import]"),
    see(".o_statusbar_status .o_arrow_button_current:contains('Queued')"),
]);
