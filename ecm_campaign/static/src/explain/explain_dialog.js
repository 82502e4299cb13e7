import { Dialog } from "@web/core/dialog/dialog";
import { deserializeDateTime, toLocaleDateTimeString } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";

import { Component, onWillStart, useState } from "@odoo/owl";

const ICONS = {
    passes: "fa-check-circle text-success",
    waits: "fa-clock-o text-warning",
    held: "fa-hand-paper-o text-danger",
    closes: "fa-times-circle text-danger",
    not_reached: "fa-circle-o text-muted",
};
const ALERTS = {
    passes: "alert-success",
    waits: "alert-warning",
    held: "alert-danger",
    closes: "alert-danger",
};

/**
 * Shows what `explain()` says of a contact or a campaign: each check with its verdict, and for a campaign how many
 * contacts are where for which reason, each a link to them.
 */
export class ExplainDialog extends Component {
    static template = "ecm_campaign.ExplainDialog";
    static components = { Dialog };
    static props = {
        close: Function,
        model: String,
        id: Number,
        title: String,
    };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ result: null });
        onWillStart(() => this.load());
    }

    async load() {
        const result = await this.orm.call(this.props.model, "explain", [[this.props.id]]);
        this.state.result = Array.isArray(result) ? result[0] : result;
    }

    get verdicts() {
        return {
            passes: _t("passes"),
            waits: _t("waits"),
            held: _t("held"),
            closes: _t("closed"),
            not_reached: _t("not reached"),
        };
    }

    get alertClass() {
        return ALERTS[this.state.result.verdict];
    }

    get nextText() {
        const { next_at: nextAt, verdict } = this.state.result;
        if (!nextAt) {
            return verdict === "closes" ? _t("never") : _t("once that is settled");
        }
        return deserializeDateTime(nextAt) <= luxon.DateTime.now()
            ? _t("now")
            : this.format(nextAt);
    }

    icon(verdict) {
        return `fa ${ICONS[verdict]}`;
    }

    groupIcon(group) {
        return group.code === "closed"
            ? "fa fa-flag-checkered text-muted"
            : this.icon(group.verdict);
    }

    /** On the user's clock, which is named: sentences beside it may be of other clocks. */
    format(moment) {
        const time = deserializeDateTime(moment);
        return `${toLocaleDateTimeString(time, { showSeconds: false })} (${time.zoneName})`;
    }

    openContacts(group) {
        this.props.close();
        this.action.doAction({
            type: "ir.actions.act_window",
            name: group.name,
            res_model: "ecm.contact",
            views: [
                [false, "list"],
                [false, "form"],
            ],
            domain: group.domain,
            context: { default_campaign_id: this.props.id },
        });
    }
}

registry.category("actions").add("ecm_explain", (env, { params }) => {
    env.services.dialog.add(ExplainDialog, params);
});
