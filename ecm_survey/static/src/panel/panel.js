import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";

import { Component, useExternalListener, useRef, useState } from "@odoo/owl";

// What the screen pop adds to the address; nothing else is put into a frame.
const PATH = /^\/ecm\/script\/[\w-]+$/;

/** The script of a call that the screen pop has opened, beside whatever record is open. */
export class ScriptPanel extends Component {
    static template = "ecm_survey.ScriptPanel";
    static props = {};

    setup() {
        const path = new URL(browser.location.href).searchParams.get("guidance") || "";
        this.frame = useRef("frame");
        this.state = useState({
            path: PATH.test(path) ? path : "",
            isOpen: true,
            isDone: false,
        });
        useExternalListener(window, "message", (event) => this.onMessage(event));
    }

    onMessage({ origin, source, data }) {
        const isOwn = source === this.frame.el?.contentWindow;
        if (origin === browser.location.origin && isOwn && data.ecmScript === "done") {
            this.state.isDone = true;
        }
    }

    toggle() {
        this.state.isOpen = !this.state.isOpen;
    }

    close() {
        this.state.path = "";
    }
}

registry.category("main_components").add("ecm_survey.ScriptPanel", { Component: ScriptPanel });
