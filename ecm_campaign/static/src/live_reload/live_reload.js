import { browser } from "@web/core/browser/browser";
import { evaluateBooleanExpr } from "@web/core/py_js/py";
import { registry } from "@web/core/registry";
import { useBus } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component, onMounted, onWillUnmount } from "@odoo/owl";

// Where text is being typed. Not checkboxes: who has just switched a campaign on still has the focus on the toggle.
const TYPING =
    ".o_form_view input:not([type=checkbox]), .o_form_view textarea, [contenteditable=true]";

/**
 * Keeps a form's counters live: loads the record again every few seconds while a condition holds.
 *
 * Nothing is loaded while the user is at work: when the form has changes, an input is being edited, a dialog is
 * open, or the browser's tab is hidden. An unreachable server is asked again at the next interval.
 *
 * Usage: `<widget name="ecm_live_reload" while="is_running" interval="5"/>`
 */
export class LiveReload extends Component {
    static template = "ecm_campaign.LiveReload";
    static props = {
        ...standardWidgetProps,
        condition: { type: String },
        interval: { type: Number },
    };

    setup() {
        this.isFieldDirty = false;
        this.isLoading = false;
        useBus(this.props.record.model.bus, "FIELD_IS_DIRTY", (ev) => {
            this.isFieldDirty = ev.detail;
        });
        onMounted(() => {
            this.timer = browser.setInterval(() => this.reload(), this.props.interval * 1000);
        });
        onWillUnmount(() => browser.clearInterval(this.timer));
    }

    get isActive() {
        const { record, condition } = this.props;
        return (
            Boolean(record.resId) &&
            evaluateBooleanExpr(condition, record.evalContextWithVirtualIds)
        );
    }

    get isUserAtWork() {
        const { record } = this.props;
        return (
            record.dirty ||
            this.isFieldDirty ||
            document.hidden ||
            document.body.classList.contains("modal-open") ||
            Boolean(document.activeElement?.closest(TYPING))
        );
    }

    async reload() {
        if (this.isLoading || !this.isActive || this.isUserAtWork) {
            return;
        }
        this.isLoading = true;
        try {
            await this.props.record.load();
        } catch (error) {
            // The next interval tries again; a dialog every few seconds would help nobody.
            console.info("The record could not be loaded again:", error.message);
        } finally {
            this.isLoading = false;
        }
    }
}

export const liveReload = {
    component: LiveReload,
    extractProps: ({ attrs }) => ({
        condition: attrs.while,
        interval: Number(attrs.interval) || 5,
    }),
};

registry.category("view_widgets").add("ecm_live_reload", liveReload);
