import { loadBundle } from "@web/core/assets";
import { browser } from "@web/core/browser/browser";
import { cookie } from "@web/core/browser/cookie";
import { getColor, getCustomColor } from "@web/core/colors/colors";
import { _t } from "@web/core/l10n/translation";

import { Component, onWillStart, onWillUnmount, useEffect, useRef } from "@odoo/owl";

const byPlace = (one, other) => one.datasetIndex - other.datasetIndex;

/** Attempts by hour or day, those that reached a person, and what the dry run has foretold. A bar opens its attempts. */
export class AttemptsChart extends Component {
    static template = "ecm_report.AttemptsChart";
    static props = {
        series: Array,
        unit: String,
        description: String,
        open: Function,
    };

    setup() {
        this.canvas = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        // Drawn anew only where the numbers are others: what is pointed at stays as it is.
        useEffect(
            () => this.draw(),
            () => [JSON.stringify(this.props.series)]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    get hasForecast() {
        return this.props.series.some((line) => line.forecast !== null);
    }

    label(line) {
        const at = luxon.DateTime.fromISO(line.key);
        return this.props.unit === "hour"
            ? at.toLocaleString(luxon.DateTime.TIME_24_SIMPLE)
            : at.toLocaleString({ day: "numeric", month: "short" });
    }

    draw() {
        this.chart?.destroy();
        if (!this.canvas.el) {
            return;
        }
        this.chart = new window.Chart(this.canvas.el, {
            type: "bar",
            data: {
                labels: this.props.series.map((line) => this.label(line)),
                datasets: this.datasets,
            },
            options: this.options,
        });
    }

    get datasets() {
        const scheme = cookie.get("color_scheme");
        const { series } = this.props;
        const sets = [
            {
                label: _t("Attempts"),
                data: series.map((line) => line.made),
                backgroundColor: getColor(0, scheme, 6),
                grouped: false,
                order: 3,
            },
            {
                label: _t("Reached"),
                data: series.map((line) => line.reached),
                backgroundColor: getColor(3, scheme, 6),
                // A part of the bar behind it.
                grouped: false,
                order: 2,
            },
        ];
        if (this.hasForecast) {
            sets.push(
                this.line(_t("Attempts, forecast"), "forecast", getColor(0, scheme, 6)),
                this.line(_t("Reached, forecast"), "forecast_reached", getColor(3, scheme, 6))
            );
        }
        return sets;
    }

    line(label, field, color) {
        return {
            type: "line",
            label,
            data: this.props.series.map((line) => line[field]),
            borderColor: color,
            backgroundColor: color,
            borderDash: [6, 4],
            borderWidth: 2,
            pointRadius: 0,
            order: 1,
        };
    }

    get options() {
        const text = getCustomColor(cookie.get("color_scheme"), "#374151", "#e4e4e4");
        const grid = getCustomColor(cookie.get("color_scheme"), "#e5e7eb", "#3c3e4b");
        return {
            maintainAspectRatio: false,
            animation: browser.matchMedia("(prefers-reduced-motion: reduce)").matches
                ? false
                : { duration: 300 },
            interaction: { mode: "index", intersect: false },
            onClick: (_event, elements) => elements.length && this.open(elements[0].index),
            plugins: {
                legend: {
                    position: "bottom",
                    labels: { color: text, boxWidth: 12, sort: byPlace },
                },
            },
            scales: {
                x: { grid: { display: false }, ticks: { color: text } },
                y: {
                    beginAtZero: true,
                    grid: { color: grid },
                    ticks: { color: text, precision: 0 },
                },
            },
        };
    }

    open(index) {
        const line = this.props.series[index];
        if (line.made) {
            this.props.open("moment", { key: line.key });
        }
    }
}
