import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";

/** From an empty database to the first campaign that runs: what is done, and the next step one click away. */
export class FirstSteps extends Component {
    static template = "ecm_campaign.FirstSteps";
    static props = {
        campaignId: { type: [Number, Boolean], optional: true },
        isShort: Boolean,
        isAlone: { type: Boolean, optional: true },
    };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ steps: [] });
        onWillStart(() => this.load(this.props));
        onWillUpdateProps((props) => this.load(props));
    }

    async load({ campaignId }) {
        const id = campaignId || false;
        const steps = await this.orm.silent.call("ecm.campaign", "get_first_steps", [id]);
        const next = steps.findIndex((step) => !step.is_done);
        this.state.steps = steps.map((step, index) => ({
            ...step,
            number: index + 1,
            isNext: index === next,
        }));
    }

    /** A page of its own, where nothing else is to be seen yet. */
    get isPage() {
        const campaign = this.state.steps.find((step) => step.code === "campaign");
        return Boolean(this.props.isAlone && campaign && !campaign.is_done);
    }

    async go(step) {
        const args = [step.code, this.props.campaignId || false];
        this.action.doAction(await this.orm.call("ecm.campaign", "action_first_step", args));
    }
}

/**
 * The same in a form; gone once a campaign was started.
 *
 * Usage: `<widget name="ecm_first_steps" campaign="campaign_id"/>`, the field with the campaign: `id` in its own form.
 */
export class FirstStepsWidget extends Component {
    static template = "ecm_campaign.FirstStepsWidget";
    static components = { FirstSteps };
    static props = { ...standardWidgetProps, campaign: { type: String, optional: true } };

    get campaignId() {
        const { record, campaign } = this.props;
        if (campaign === "id") {
            return record.resId;
        }
        return campaign ? record.data[campaign]?.id : false;
    }

    get isShown() {
        return this.props.campaign !== "id" || Boolean(this.props.record.resId);
    }
}

export const firstSteps = {
    component: FirstStepsWidget,
    extractProps: ({ attrs }) => ({ campaign: attrs.campaign }),
};

registry.category("view_widgets").add("ecm_first_steps", firstSteps);
