import { _t } from "@web/core/l10n/translation";
import { MultiRecordSelector } from "@web/core/record_selectors/multi_record_selector";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { formatFloat, formatInteger } from "@web/views/fields/formatters";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { Component, onWillStart, useState } from "@odoo/owl";

// As many columns as can be read beside each other.
const MOST = 4;
const MODELS = [
    { model: "ecm.campaign", label: _t("Campaigns"), domain: [["is_template", "=", false]] },
    { model: "ecm.contact.list", label: _t("Contact lists"), domain: [] },
];

/** Campaigns or lists side by side, with the numbers of their own pages of results. */
export class Comparison extends Component {
    static template = "ecm_report.Comparison";
    static components = { Layout, MultiRecordSelector };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        const { model = "ecm.campaign", ids = [] } =
            this.props.state || this.props.action.params || {};
        this.state = useState({ model, ids, columns: [] });
        this.models = MODELS;
        useSetupAction({
            getLocalState: () => ({ model: this.state.model, ids: [...this.state.ids] }),
        });
        onWillStart(() => this.load());
    }

    get domain() {
        return MODELS.find(({ model }) => model === this.state.model).domain;
    }

    chooseModel(model) {
        Object.assign(this.state, { model, ids: [], columns: [] });
    }

    choose(ids) {
        this.state.ids = ids.slice(0, MOST);
        return this.load();
    }

    async load() {
        const { model, ids } = this.state;
        const args = [model, [...ids]];
        this.state.columns = ids.length
            ? await this.orm.call("ecm.dashboard", "compare", args)
            : [];
    }

    get rows() {
        return [
            { what: "loaded", label: _t("Loaded"), help: _t("Contacts.") },
            {
                what: "called",
                label: _t("Called"),
                help: _t("Contacts with at least one attempt, of all that were loaded."),
                percent: (totals) => (totals.loaded ? (100 * totals.called) / totals.loaded : null),
            },
            {
                what: "reached",
                label: _t("Reached"),
                help: _t("Contacts with an attempt that reached a person, of those called."),
                percent: (totals) => totals.reached_percent,
            },
            {
                what: "success",
                label: _t("Success"),
                help: _t("Contacts with a wrap-up of type Success, of those reached."),
                percent: (totals) => totals.success_percent,
            },
            { what: "attempts", label: _t("Attempts"), help: _t("Attempts with a result.") },
        ];
    }

    /** Of several shares the best is set off. */
    isBest(row, column) {
        if (!row.percent || this.state.columns.length < 2) {
            return false;
        }
        const shares = this.state.columns.map(({ results }) => row.percent(results.totals));
        const own = row.percent(column.results.totals);
        return own !== null && own === Math.max(...shares.filter((share) => share !== null));
    }

    number(count) {
        return formatInteger(count);
    }

    share(percent) {
        return percent === null
            ? "–"
            : `${formatFloat(percent, { digits: [16, 1], trailingZeros: false })}%`;
    }

    perReached({ per_reached: count }) {
        return count === null ? "–" : formatFloat(count, { digits: [16, 1], trailingZeros: false });
    }

    bestHour({ hours }) {
        const known = hours.filter(({ percent }) => percent !== null);
        const best = known.sort((one, other) => other.percent - one.percent)[0];
        return best ? `${String(best.key).padStart(2, "0")}:00 (${this.share(best.percent)})` : "–";
    }

    async open(column, what) {
        const args = [[column.id], what];
        this.action.doAction(await this.orm.call(this.state.model, "action_open_results", args));
    }

    openRecord(column) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: this.state.model,
            res_id: column.id,
            views: [[false, "form"]],
        });
    }
}

registry.category("actions").add("ecm_comparison", Comparison);
