import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

/** Whoever has the script in a frame, the desk or the panel, is told what goes on in it. */
function tell(what) {
    if (window.parent !== window) {
        window.parent.postMessage({ ecmScript: what }, window.location.origin);
    }
}

/** Escape leaves the questions for what stands around them. */
export class CallScript extends Interaction {
    static selector = "[data-ecm-script]";
    dynamicContent = {
        _document: {
            "t-on-keydown": (event) => event.key === "Escape" && tell("left"),
        },
    };

    start() {
        tell("ready");
    }
}

export class CallScriptDone extends Interaction {
    static selector = ".o_ecm_script_done";

    start() {
        tell("done");
    }
}

registry.category("public.interactions").add("ecm_survey.call_script", CallScript);
registry.category("public.interactions").add("ecm_survey.call_script_done", CallScriptDone);
