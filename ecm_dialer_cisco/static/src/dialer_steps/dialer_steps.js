import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component } from "@odoo/owl";

/** What is left to do until a dialer calls: the steps of its form, those done and the one that is next. */
export class DialerSteps extends Component {
    static template = "ecm_dialer_cisco.DialerSteps";
    static props = { ...standardWidgetProps };

    get steps() {
        const data = this.props.record.data;
        const isCce = data.provider === "cce";
        const isJdbc = data.results_driver === "jdbc";
        const ofUccx = isJdbc ? data.results_url : data.results_connection;
        const results = isCce ? data.cce_reporting_host : ofUccx;
        const steps = [
            {
                title: _t("Address"),
                hint: isCce
                    ? _t("Enter both servers, the instance and an SQL Server login.")
                    : _t("Enter the host, both accounts and where the call results are."),
                isDone: Boolean(data.host && data.user && data.password && results),
            },
            {
                title: _t("Test connection"),
                hint: isCce
                    ? _t("Its three databases are asked. Nothing is called.")
                    : _t("The campaign interface and the database are asked. Nothing is called."),
                isDone: Boolean(data.tested_at),
            },
            {
                title: _t("Fetch campaigns"),
                hint: _t("What is set up on the dialer can then be chosen in your campaigns."),
                isDone: data.dialer_campaign_count > 0,
            },
            {
                title: _t("Switch on"),
                hint: _t("Until then nothing is sent to it and no results are read."),
                isDone: data.is_enabled,
            },
        ];
        // What was done before an earlier step is to be done again: nothing is ticked after the next one.
        const next = steps.findIndex((step) => !step.isDone);
        return steps.map((step, index) => ({
            ...step,
            number: index + 1,
            isDone: next < 0 || index < next,
            isNext: index === next,
        }));
    }
}

export const dialerSteps = { component: DialerSteps };

registry.category("view_widgets").add("ecm_dialer_steps", dialerSteps);
