import { registry } from "@web/core/registry";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";
import { kanbanView } from "@web/views/kanban/kanban_view";

import { FirstSteps } from "../first_steps/first_steps";

/** Campaigns, and above them what is left to do until the first one runs. */
export class CampaignKanbanRenderer extends KanbanRenderer {
    static template = "ecm_campaign.CampaignKanbanRenderer";
    static components = { ...KanbanRenderer.components, FirstSteps };

    /** Templates lead to no first campaign. */
    get hasSteps() {
        return !this.props.list.context.ecm_templates;
    }
}

registry.category("views").add("ecm_campaign_kanban", {
    ...kanbanView,
    Renderer: CampaignKanbanRenderer,
});
