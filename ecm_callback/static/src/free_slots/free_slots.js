import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { serializeDateTime } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const { DateTime } = luxon;

/** The free slots nearest to what is wanted, on the customer's clock: a click takes one. */
export class FreeSlots extends Component {
    static template = "ecm_callback.FreeSlots";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.state = useState({ slots: [], tz: "", hint: "" });
        useRecordObserver((record) => this.load(record.data));
    }

    /** Ask anew when number, skill, agent or time are others. */
    async load({ number, skill_id: skill, agent_id: agent, due_at: dueAt }) {
        if (!number || !skill) {
            this.show({ hint: _t("Fill in number and skill to see free times.") });
            return;
        }
        const at = dueAt ? serializeDateTime(dueAt) : false;
        const asked = [skill.id, at, number, agent ? agent.id : false];
        if (String(asked) === this.asked) {
            return;
        }
        this.asked = String(asked);
        try {
            const offer = this.orm.silent.call("ecm.callback", "api_offer_slots", asked);
            const { slots, tz } = await this.keepLast.add(offer);
            this.show({ slots, tz, hint: slots.length ? "" : _t("Nothing is free.") });
        } catch (error) {
            this.show({ hint: error.data?.message || _t("Free times are not known now.") });
        }
    }

    show({ slots = [], tz = "", hint = "" }) {
        Object.assign(this.state, { slots: slots.map((slot) => this.describe(slot)), tz, hint });
    }

    describe(slot) {
        const moment = DateTime.fromISO(slot, { setZone: true });
        return { key: slot, label: moment.toFormat("ccc d LLL, HH:mm") };
    }

    async take(slot) {
        await this.props.record.update({ due_at: DateTime.fromISO(slot) });
    }
}

registry.category("view_widgets").add("ecm_free_slots", {
    component: FreeSlots,
    fieldDependencies: [
        { name: "number", type: "char" },
        { name: "skill_id", type: "many2one" },
        { name: "agent_id", type: "many2one" },
        { name: "due_at", type: "datetime" },
    ],
});
