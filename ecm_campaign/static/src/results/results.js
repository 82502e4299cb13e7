import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { evaluateBooleanExpr } from "@web/core/py_js/py";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { formatFloat, formatInteger } from "@web/views/fields/formatters";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component, onMounted, onWillUnmount, onWillUpdateProps, useState } from "@odoo/owl";

// The server counts millions: it does nothing else than that for one page in thirty at most.
const REST = 30;
const SHORTEST_REST_MS = 10000;
// As PostgreSQL counts them.
const WEEKDAYS = [
    _t("Sunday"),
    _t("Monday"),
    _t("Tuesday"),
    _t("Wednesday"),
    _t("Thursday"),
    _t("Friday"),
    _t("Saturday"),
];
// Of calls, and of messages: somebody who is called is reached, somebody who is texted replies.
const CALLS = {
    called: _t("Called"),
    reached: _t("Reached"),
    reachedShare: _t("Reached %"),
    reachedHelp: _t(
        "Contacts with an attempt that reached a person (an outcome with Live voice), in per cent of those called."
    ),
    ofCalled: _t("Of the contacts called"),
    perReached: _t("Attempts per reached contact"),
    perReachedHelp: _t("All attempts with a result, divided by the contacts reached."),
    byHour: _t("Reached by hour"),
    byHourHelp: (zone) =>
        _t("Attempts that reached a person, of all made in that hour (%s).", zone),
    byWeekday: _t("Reached by weekday"),
    byWeekdayHelp: (zone) =>
        _t("Attempts that reached a person, of all made on that day (%s).", zone),
};
const MESSAGES = {
    called: _t("Texted"),
    reached: _t("Replied"),
    reachedShare: _t("Replied %"),
    reachedHelp: _t("Contacts who wrote back, in per cent of those texted."),
    ofCalled: _t("Of the contacts texted"),
    perReached: _t("Attempts per reply"),
    perReachedHelp: _t("All attempts with a result, divided by the contacts who wrote back."),
    byHour: _t("Replied by hour of the message"),
    byHourHelp: (zone) => _t("Messages with a reply, of all sent in that hour (%s).", zone),
    byWeekday: _t("Replied by weekday of the message"),
    byWeekdayHelp: (zone) => _t("Messages with a reply, of all sent on that day (%s).", zone),
};

const EMAILS = {
    ...MESSAGES,
    called: _t("E-mailed"),
    reachedHelp: _t("Contacts who wrote back or followed a link, in per cent of those e-mailed."),
    ofCalled: _t("Of the contacts e-mailed"),
    perReachedHelp: _t("All attempts with a result, divided by the contacts who replied."),
    byHour: _t("Replied by hour of the e-mail"),
    byHourHelp: (zone) => _t("E-mails with a reply, of all sent in that hour (%s).", zone),
    byWeekday: _t("Replied by weekday of the e-mail"),
    byWeekdayHelp: (zone) => _t("E-mails with a reply, of all sent on that day (%s).", zone),
};
// By kind of campaign; all others call.
const WORDS = { sms: MESSAGES, email: EMAILS };

/**
 * What came of the calls of a campaign or a list: shares, hours, outcomes, lists. Each number opens what it counts.
 * The numbers are loaded beside the form, and again while a condition holds.
 *
 * Usage: `<widget name="ecm_results" while="is_running"/>`
 */
export class Results extends Component {
    static template = "ecm_campaign.Results";
    static props = { ...standardWidgetProps, condition: { type: String } };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ results: null });
        onMounted(() => this.load(this.props.record.resId));
        onWillUnmount(() => {
            this.isGone = true;
            browser.clearTimeout(this.timer);
        });
        onWillUpdateProps(({ record }) => {
            if (record.resId !== this.resId) {
                this.state.results = null;
                return this.load(record.resId);
            }
        });
    }

    async load(resId) {
        browser.clearTimeout(this.timer);
        this.resId = resId;
        if (!resId) {
            return;
        }
        const began = browser.performance.now();
        try {
            const results = await this.orm.silent.call(this.props.record.resModel, "get_results", [
                [resId],
            ]);
            if (!this.isGone && resId === this.resId) {
                this.state.results = results;
            }
        } catch (error) {
            // The next turn tries again; what was counted stays.
            console.info("The results could not be counted:", error.message);
        }
        this.rest(browser.performance.now() - began);
    }

    rest(took) {
        if (!this.isGone) {
            const pause = Math.max(SHORTEST_REST_MS, took * REST);
            this.timer = browser.setTimeout(() => this.follow(), pause);
        }
    }

    follow() {
        const { record, condition } = this.props;
        const isLive = evaluateBooleanExpr(condition, record.evalContextWithVirtualIds);
        return isLive && !document.hidden ? this.load(this.resId) : this.rest(0);
    }

    get words() {
        return WORDS[this.state.results.kind] || CALLS;
    }

    /** Wrap-ups are an agent's: nothing says what a message achieved. */
    get hasSuccess() {
        return !(this.state.results.kind in WORDS);
    }

    get tiles() {
        const { totals, tiles } = this.state.results;
        const { words } = this;
        return [
            {
                what: "called",
                label: words.called,
                value: this.number(totals.called),
                note: _t("of %s loaded", this.number(totals.loaded)),
                help: _t("Contacts with at least one attempt, of all that were loaded."),
            },
            {
                what: "reached",
                label: words.reached,
                value: this.share(totals.reached_percent),
                note: this.contacts(totals.reached),
                help: words.reachedHelp,
            },
            {
                what: "success",
                label: _t("Success"),
                value: this.share(totals.success_percent),
                note: this.contacts(totals.success),
                help: _t(
                    "Contacts whose call had a wrap-up of type Success, in per cent of those reached."
                ),
            },
            {
                what: "attempts",
                label: words.perReached,
                value: totals.per_reached === null ? "–" : this.decimal(totals.per_reached),
                note: _t("%s attempts", this.number(totals.attempts)),
                help: words.perReachedHelp,
            },
            // What channels count besides.
            ...tiles.map(({ percent, count, ...tile }) => ({
                ...tile,
                value: this.share(percent),
                note: this.contacts(count),
            })),
        ].filter(({ what }) => this.hasSuccess || what !== "success");
    }

    get charts() {
        const { hours, weekdays, zone } = this.state.results;
        return [
            {
                by: "hour",
                title: this.words.byHour,
                help: this.words.byHourHelp(zone),
                lines: hours.map((line) => ({
                    ...line,
                    label: `${String(line.key).padStart(2, "0")}:00`,
                })),
            },
            {
                by: "weekday",
                title: this.words.byWeekday,
                help: this.words.byWeekdayHelp(zone),
                lines: weekdays.map((line) => ({ ...line, label: WEEKDAYS[line.key] })),
            },
        ];
    }

    get counted() {
        const reached = ["loaded", "called", "reached"];
        return this.hasSuccess ? [...reached, "success"] : reached;
    }

    get hasLists() {
        return this.props.record.resModel !== "ecm.contact.list";
    }

    number(count) {
        return formatInteger(count);
    }

    contacts(count) {
        return count === 1 ? _t("1 contact") : _t("%s contacts", this.number(count));
    }

    share(percent) {
        return percent === null ? "–" : `${this.decimal(percent)}%`;
    }

    decimal(value) {
        return formatFloat(value, { digits: [16, 1], trailingZeros: false });
    }

    async open(what, by = false, key = false) {
        const { resModel, resId } = this.props.record;
        const args = [[resId], what, by, key];
        this.action.doAction(await this.orm.call(resModel, "action_open_results", args));
    }

    openList(id) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "ecm.contact.list",
            res_id: id,
            views: [[false, "form"]],
        });
    }
}

export const results = {
    component: Results,
    extractProps: ({ attrs }) => ({ condition: attrs.while || "False" }),
};

registry.category("view_widgets").add("ecm_results", results);
