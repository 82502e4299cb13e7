import { registry } from "@web/core/registry";

import { click, patient, see } from "@ecm_campaign/../tests/tours/clicks";

const PANEL = ".o_ecm_dashboard_card";

// A supervisor reads the dashboard, chooses a campaign and a period, and finds the contact that is held back.
registry.category("web_tour.tours").add("ecm_report_dashboard", {
    steps: () =>
        patient([
            see(".o_ecm_dashboard_tile[data-what=pending]"),
            {
                content: "One campaign, from the table of all",
                trigger: `${PANEL}[data-panel=campaigns] a:contains('Tour of the dashboard')`,
                run: "click",
            },
            see(".o_ecm_dashboard_live:contains('1 campaign, stopped')"),
            click(".o_ecm_dashboard_filters [data-period=week]"),
            see(".o_ecm_dashboard_tile[data-what=attempts]:contains('5')"),
            see(".o_ecm_dashboard_tile[data-what=reached]:contains('40%')"),
            see(".o_ecm_dashboard_tile[data-what=success]:contains('50%')"),
            see(`${PANEL}[data-panel=series] canvas`),
            see(`${PANEL}[data-panel=heat] td button`),
            see(`${PANEL}[data-panel=lists] tr:contains('two.csv')`),
            {
                content: "What holds somebody back opens who that is",
                trigger: `${PANEL}[data-panel=waiting] tr[data-key=list_stopped] a:contains('1')`,
                run: "click",
            },
            see(".o_list_view:has(.o_data_row:only-child:contains('+493023125005'))"),
            click(".o_breadcrumb a:contains('Dashboard'), .o_breadcrumb .o_back_button"),
            {
                content: "The page is as it was left",
                trigger: ".o_ecm_dashboard_filters [data-period=week].active",
            },
            see(".o_ecm_dashboard_live:contains('1 campaign, stopped')"),
            click(`${PANEL}[data-panel=outcomes] tr:contains('Busy') a`),
            see(".o_list_view:has(.o_data_row:contains('Busy'))"),
        ]),
});

registry.category("web_tour.tours").add("ecm_report_comparison", {
    steps: () =>
        patient([
            click(".o_data_row:contains('Tour of the dashboard') .o_list_record_selector input"),
            click(".o_data_row:contains('Tour beside it') .o_list_record_selector input"),
            click(".o_cp_action_menus .dropdown-toggle"),
            click(".o-dropdown-item:contains('Compare')"),
            see(".o_ecm_comparison_table th:contains('Tour beside it')"),
            click(".o_ecm_comparison_table tr[data-what=reached] td:contains('2') a"),
            see(".o_list_view:has(.o_data_row:contains('+493023125000'))"),
        ]),
});
