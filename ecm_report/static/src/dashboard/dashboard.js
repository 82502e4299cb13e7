import { browser } from "@web/core/browser/browser";
import { localization } from "@web/core/l10n/localization";
import { _t } from "@web/core/l10n/translation";
import { RecordSelector } from "@web/core/record_selectors/record_selector";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { debounce } from "@web/core/utils/timing";
import { Layout } from "@web/search/layout";
import { useSetupAction } from "@web/search/action_hook";
import { formatFloat, formatInteger } from "@web/views/fields/formatters";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { FirstSteps } from "@ecm_campaign/first_steps/first_steps";

import { Component, onMounted, onWillStart, onWillUnmount, useState } from "@odoo/owl";

import { AttemptsChart } from "./attempts_chart";
import { Ranking } from "./ranking";

const NOTIFICATION = "ecm_dashboard/changed";
// Several turns may end at once; and a slow server is not asked again at once.
const REST_MS = 3000;
// What only the time changes: a callback that comes due.
const SLOWEST_MS = 60000;
// Each is a request of its own: what is quick does not wait for what is not.
const REQUESTS = [
    ["contacts"],
    ["attempts", "wrap_ups"],
    ["campaigns", "lists"],
    ["rooms", "callbacks"],
];

/** What campaigns do now and in a period. Every number opens a list of exactly what it counts. */
export class Dashboard extends Component {
    static template = "ecm_report.Dashboard";
    static components = { AttemptsChart, FirstSteps, Layout, Ranking, RecordSelector };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.busService = this.env.services.bus_service;
        this.state = useState({
            filters: this.props.state?.filters || this.firstFilters,
            scope: null,
            panels: {},
            failed: false,
        });
        useSetupAction({ getLocalState: () => ({ filters: { ...this.state.filters } }) });
        this.refresh = debounce(() => this.follow(), REST_MS);
        this.onChanged = () => this.refresh();
        onWillStart(() => this.load());
        onMounted(() => this.startFollowing());
        onWillUnmount(() => this.stopFollowing());
    }

    get firstFilters() {
        const { campaign_id = false } = this.props.action.params || {};
        return {
            campaign_id,
            group_id: false,
            team_id: false,
            list_id: false,
            period: "today",
            date_from: false,
            date_to: false,
        };
    }

    // -- following --------------------------------------------------------------------------------

    startFollowing() {
        this.busService.subscribe(NOTIFICATION, this.onChanged);
        this.busService.start();
        this.timer = browser.setInterval(() => this.follow(), SLOWEST_MS);
        document.addEventListener("visibilitychange", this.onChanged);
    }

    stopFollowing() {
        this.isGone = true;
        this.refresh.cancel();
        this.busService.unsubscribe(NOTIFICATION, this.onChanged);
        browser.clearInterval(this.timer);
        document.removeEventListener("visibilitychange", this.onChanged);
    }

    /** What nobody looks at is not counted. */
    follow() {
        if (!this.isGone && !this.isLoading && !document.hidden) {
            return this.load(true);
        }
    }

    async load(isSilent = false) {
        const turn = (this.turn = (this.turn || 0) + 1);
        const filters = { ...this.state.filters };
        this.isLoading = true;
        try {
            const answers = await Promise.all(
                REQUESTS.map((names) =>
                    (isSilent ? this.orm.silent : this.orm).call("ecm.dashboard", "read_panels", [
                        filters,
                        names,
                    ])
                )
            );
            // Whoever has chosen something else meanwhile waits for that.
            if (turn === this.turn && !this.isGone) {
                const { scope, ...panels } = Object.assign({}, ...answers);
                Object.assign(this.state, { scope, panels, failed: false });
                this.readAt = luxon.DateTime.now();
            }
        } catch (error) {
            if (!isSilent) {
                throw error;
            }
            // The next change tries again; what was counted stays, and is said to be old.
            this.state.failed = true;
            console.info("The dashboard could not be read:", error.message);
        } finally {
            this.isLoading = false;
        }
    }

    // -- filters ----------------------------------------------------------------------------------

    get periods() {
        return [
            { name: "today", label: _t("Today") },
            { name: "yesterday", label: _t("Yesterday") },
            { name: "week", label: _t("7 days") },
            { name: "month", label: _t("30 days") },
            { name: "custom", label: _t("Days") },
        ];
    }

    get selectors() {
        const { campaign_id: campaign } = this.state.filters;
        return [
            {
                name: "campaign_id",
                model: "ecm.campaign",
                label: _t("Campaign"),
                domain: [["is_template", "=", false]],
            },
            { name: "group_id", model: "ecm.campaign.group", label: _t("Group"), domain: [] },
            { name: "team_id", model: "ecm.team", label: _t("Team"), domain: [] },
            {
                name: "list_id",
                model: "ecm.contact.list",
                label: _t("List"),
                domain: campaign ? [["campaign_id", "=", campaign]] : [],
            },
        ];
    }

    get isFiltered() {
        return this.selectors.some(({ name }) => this.state.filters[name]);
    }

    choose(name, value) {
        const { filters } = this.state;
        filters[name] = value || false;
        // A list is of one campaign.
        if (name === "campaign_id") {
            filters.list_id = false;
        }
        return this.load();
    }

    choosePeriod(period) {
        const { filters, scope } = this.state;
        filters.period = period;
        if (period === "custom") {
            filters.date_from = filters.date_from || scope.first;
            filters.date_to = filters.date_to || scope.first;
        }
        return this.load();
    }

    chooseDay(name, value) {
        const { filters } = this.state;
        if (!value) {
            return;
        }
        filters[name] = value;
        // The other end follows, rather than an error.
        if (filters.date_from > filters.date_to) {
            filters[name === "date_from" ? "date_to" : "date_from"] = value;
        }
        return this.load();
    }

    clear() {
        const { filters } = this.state;
        for (const { name } of this.selectors) {
            filters[name] = false;
        }
        return this.load();
    }

    // -- what is shown ----------------------------------------------------------------------------

    get isEmpty() {
        return !this.state.scope.has_any;
    }

    /** Somebody who is texted replies. */
    get isMessages() {
        return this.state.scope.kind === "sms";
    }

    get words() {
        return {
            reached: this.isMessages ? _t("Replied") : _t("Reached"),
            reachedShare: this.isMessages ? _t("Replied %") : _t("Reached %"),
        };
    }

    get tiles() {
        const { contacts, attempts, wrap_ups: wrapUps } = this.state.panels;
        const { made, reached } = attempts.totals;
        const { totals } = contacts;
        return [
            {
                id: "pending",
                label: _t("Pending"),
                value: this.number(totals.pending),
                note: _t("of %s contacts", this.number(totals.contacts)),
                open: ["total", "pending"],
            },
            {
                id: "awaiting",
                label: _t("At the dialer"),
                value: this.number(totals.awaiting),
                note: _t("contacts whose result is awaited"),
                open: ["total", "awaiting"],
            },
            {
                id: "closed",
                label: _t("Closed"),
                value: this.share(totals.closed_percent),
                note: this.contacts(totals.closed),
                open: ["total", "closed"],
            },
            {
                id: "attempts",
                label: _t("Attempts"),
                value: this.number(made),
                note: this.periodText,
                open: ["attempts"],
            },
            {
                id: "reached",
                label: this.words.reachedShare,
                value: this.share(made ? (100 * reached) / made : null),
                note: _t("%s attempts reached a person", this.number(reached)),
                open: ["reached"],
            },
            {
                id: "success",
                label: _t("Success"),
                value: this.number(wrapUps.success),
                note: _t("%s of the attempts that reached a person", this.successShare),
                open: ["success"],
            },
        ];
    }

    get successShare() {
        const { attempts, wrap_ups: wrapUps } = this.state.panels;
        const { reached } = attempts.totals;
        return this.share(reached ? (100 * wrapUps.success) / reached : null);
    }

    get periodText() {
        const { first, last } = this.state.scope;
        const format = (day) => day.toLocaleString({ day: "numeric", month: "short" });
        const begin = luxon.DateTime.fromISO(first);
        const end = luxon.DateTime.fromISO(last).minus({ days: 1 });
        return +begin === +end ? format(begin) : `${format(begin)} – ${format(end)}`;
    }

    get title() {
        const { campaigns, running } = this.state.scope;
        if (campaigns === 1) {
            return running ? _t("1 campaign, running") : _t("1 campaign, stopped");
        }
        return _t("%(campaigns)s campaigns, %(running)s running", {
            campaigns: this.number(campaigns),
            running: this.number(running),
        });
    }

    get readAtText() {
        return this.readAt.toFormat(localization.timeFormat);
    }

    get chartTitle() {
        return this.state.scope.unit === "hour"
            ? _t("Attempts an hour (%s)", this.state.scope.zone)
            : _t("Attempts a day (%s)", this.state.scope.zone);
    }

    /** For whoever cannot see the chart. */
    get chartDescription() {
        const { made, reached } = this.state.panels.attempts.totals;
        return _t("%(made)s attempts, %(reached)s of which reached a person.", {
            made: this.number(made),
            reached: this.number(reached),
        });
    }

    get hasForecast() {
        return this.state.panels.attempts.series.some((line) => line.forecast !== null);
    }

    get weekdays() {
        // Sunday is 0 where the numbers come from, and 7 in luxon.
        const names = luxon.Info.weekdays("short");
        return (weekday) => names[(weekday + 6) % 7];
    }

    /** One of five shades: the best hour is the darkest. */
    shade(cell) {
        if (!cell.made) {
            return "o_ecm_heat_none";
        }
        const cells = this.state.panels.attempts.heat.days.flatMap((day) => day.cells);
        const best = Math.max(1, ...cells.map((other) => other.percent || 0));
        return `o_ecm_heat_${Math.ceil((4 * cell.percent) / best)}`;
    }

    cellTitle(day, cell) {
        return _t("%(day)s %(hour)s:00: %(reached)s of %(made)s attempts reached a person", {
            day: this.weekdays(day.weekday),
            hour: String(cell.hour).padStart(2, "0"),
            reached: this.number(cell.reached),
            made: this.number(cell.made),
        });
    }

    markState = (line) => (line.is_closed ? "o_ecm_dashboard_bar_closed" : "");
    markOutcome = (line) => (line.is_live ? "o_ecm_dashboard_bar_good" : "");
    markWrapUp = (line) => (line.is_success ? "o_ecm_dashboard_bar_good" : "");
    markWaiting = (line) => (line.is_held ? "o_ecm_dashboard_bar_held" : "");

    triesLabel(line) {
        return line.is_last ? _t("%s or more", line.tries) : line.tries;
    }

    number(count) {
        return formatInteger(count);
    }

    contacts(count) {
        return count === 1 ? _t("1 contact") : _t("%s contacts", this.number(count));
    }

    share(percent) {
        return percent === null
            ? "–"
            : `${formatFloat(percent, { digits: [16, 1], trailingZeros: false })}%`;
    }

    // -- what numbers open ------------------------------------------------------------------------

    open = async (what, key = null) => {
        const filters = { ...this.state.filters };
        const args = [filters, what, key];
        this.action.doAction(await this.orm.call("ecm.dashboard", "open_number", args));
    };

    openRecord(model, id) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }

    runningText(line) {
        return line.is_running ? _t("Running") : _t("Stopped");
    }

    openAll(model) {
        const name = model === "ecm.campaign" ? _t("Campaigns") : _t("Contact lists");
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            name,
            views: [
                [false, "list"],
                [false, "form"],
            ],
        });
    }

    async explain() {
        const args = [[this.state.scope.campaign_id]];
        this.action.doAction(await this.orm.call("ecm.campaign", "action_explain", args));
    }
}

registry.category("actions").add("ecm_dashboard", Dashboard);
