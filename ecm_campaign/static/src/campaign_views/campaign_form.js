import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { FormController } from "@web/views/form/form_controller";
import { formView } from "@web/views/form/form_view";

import { onMounted } from "@odoo/owl";

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));

/** A campaign's form: *Start* leads to the field that is missing. */
export class CampaignFormController extends FormController {
    setup() {
        super.setup();
        this.notifications = useService("notification");
        onMounted(() => {
            if (this.props.context.ecm_shows_gap) {
                this.showGap();
            }
        });
    }

    async beforeExecuteActionButton(clickParams) {
        const proceeds = await super.beforeExecuteActionButton(...arguments);
        if (clickParams.name !== "action_start" || proceeds === false) {
            return proceeds;
        }
        return !(await this.showGap());
    }

    /** Mark what is missing before the campaign can start. @returns {Promise<Boolean>} whether something is */
    async showGap() {
        const id = this.model.root.resId;
        const gap = await this.model.orm.call("ecm.campaign", "get_start_gap", [[id]]);
        if (!gap) {
            return false;
        }
        this.notifications.add(gap.text, { type: "danger", title: _t("Not started") });
        if (gap.field) {
            await this.markField(gap.field);
        }
        return true;
    }

    async markField(name) {
        const form = this.rootRef.el;
        const find = () => form.querySelector(`.o_field_widget[name=${name}]`);
        if (!find()) {
            form.querySelector(".o_notebook .nav-link[name=setup]")?.click();
            // One frame draws the tab, the next one has its fields.
            await nextFrame();
            await nextFrame();
        }
        const field = find();
        field?.classList.add("o_ecm_missing");
        field?.querySelector("input")?.focus();
    }
}

registry.category("views").add("ecm_campaign_form", {
    ...formView,
    Controller: CampaignFormController,
});
