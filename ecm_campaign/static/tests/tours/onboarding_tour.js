import { registry } from "@web/core/registry";

import { dropFile } from "./campaign_tour";
import { patient } from "./clicks";

const FILE = `Phone;First name
+49 30 23125001;Olivia
+49 30 23125002;Ethan
`;

const tours = registry.category("web_tour.tours");

// What a new supervisor is shown, done to its end; a person drops the file.
tours.add("ecm_campaign_tour_done", {
    url: "/odoo",
    steps: () => {
        const steps = tours.get("ecm_campaign_tour").steps();
        const place = steps.findIndex((step) => step.trigger.includes("action_import"));
        steps.splice(place, 0, {
            trigger: ".modal .o_ecm_drop_zone",
            run: ({ anchor }) => dropFile(anchor, "offer.csv", FILE),
        });
        // It runs, or says what is missing.
        steps.push({
            trigger:
                ".o_ecm_campaign_form button[name=action_stop], .o_notification, .o_ecm_missing",
        });
        return patient(steps);
    },
});
