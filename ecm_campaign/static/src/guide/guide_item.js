import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import { useBus, useService } from "@web/core/utils/hooks";

import { Component, useState } from "@odoo/owl";

const APP = "ecm_campaign.ecm_campaign_menu_root";

/** Beside the menu of our app: the chapter of the guide about the screen that is open. */
export class GuideItem extends Component {
    static template = "ecm_campaign.GuideItem";
    static props = {};

    setup() {
        this.menus = useService("menu");
        this.state = useState({ isShown: this.isOurApp });
        useBus(this.env.bus, "MENUS:APP-CHANGED", () => (this.state.isShown = this.isOurApp));
    }

    get isOurApp() {
        return this.menus.getCurrentApp()?.xmlid === APP;
    }

    /** Where the user is when it is pressed, not when it was drawn. */
    open() {
        const at = encodeURIComponent(browser.location.pathname);
        browser.open(`/ecm/guide?at=${at}`, "_blank");
    }
}

registry.category("systray").add("ecm_campaign.guide", { Component: GuideItem }, { sequence: 60 });
