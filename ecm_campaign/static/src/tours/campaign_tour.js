import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

// A supervisor's first campaign: named, with contacts, started. Its record says who is shown it.
registry.category("web_tour.tours").add("ecm_campaign_tour", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            trigger: ".o_app[data-menu-xmlid='ecm_campaign.ecm_campaign_menu_root']",
            content: _t("Whom to call, when and how often: it begins with a campaign."),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: ".o_control_panel .o-kanban-button-new",
            content: _t("Make your first campaign. Nobody is called before you start it."),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: ".o_ecm_campaign_form .o_field_widget[name=name] input",
            content: _t("Give it a name."),
            tooltipPosition: "bottom",
            run: "edit My first campaign",
        },
        {
            trigger: ".o_ecm_campaign_form button[name=action_upload_contacts]",
            content: _t(
                "Bring your contacts: drop a CSV or Excel file, as you have it, into the window that opens."
            ),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: ".modal button[name=action_import]:not([disabled])",
            content: _t(
                "Look at the preview: which column is which, and which rows are refused. Nothing is stored before you import."
            ),
            tooltipPosition: "top",
            run: "click",
        },
        {
            trigger: ".o_form_view button[name=action_open_campaign]",
            content: _t("This is your list; it fills in the background. Back to the campaign."),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: ".o_ecm_campaign_form button[name=action_start]",
            content: _t(
                "Start. What is still missing is marked. A dry run tells beforehand who would be called when."
            ),
            tooltipPosition: "bottom",
            run: "click",
        },
    ],
});
