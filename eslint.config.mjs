// Odoo's own rules (addons/web/tooling and test_lint) for the modules' JavaScript; layout is Prettier's.
import { createRequire } from "node:module";

// `make setup` installs the tools into .build, where Node would not look from here.
const require = createRequire(new URL(".build/", import.meta.url));
const js = require("@eslint/js");

const ODOO_GLOBALS = ["odoo", "luxon", "Chart", "DOMPurify"];
const BROWSER_GLOBALS = [
    "Blob",
    "CustomEvent",
    "DataTransfer",
    "Document",
    "DragEvent",
    "Element",
    "Event",
    "File",
    "FormData",
    "HTMLElement",
    "Intl",
    "KeyboardEvent",
    "MouseEvent",
    "Node",
    "URL",
    "URLSearchParams",
    "XMLHttpRequest",
    "clearInterval",
    "clearTimeout",
    "console",
    "document",
    "fetch",
    "location",
    "navigator",
    "requestAnimationFrame",
    "setInterval",
    "setTimeout",
    "window",
];

function isClassWithout(name) {
    const property = `PropertyDefinition[key.name='${name}'][static='true']`;
    return `ClassDeclaration[superClass.name='Component']:not(:has(ClassBody.body > ${property}))`;
}

export default [
    js.configs.recommended,
    {
        files: ["*/static/**/*.js"],
        languageOptions: {
            ecmaVersion: 2022,
            sourceType: "module",
            globals: Object.fromEntries(
                [...ODOO_GLOBALS, ...BROWSER_GLOBALS].map((name) => [name, "readonly"])
            ),
        },
        rules: {
            "arrow-body-style": ["error", "as-needed"],
            curly: ["error", "all"],
            eqeqeq: ["error", "always"],
            "no-duplicate-imports": "error",
            "no-restricted-globals": ["error", "event", "self"],
            "no-restricted-syntax": [
                "error",
                "PrivateIdentifier",
                {
                    selector: isClassWithout("props"),
                    message: "Component should declare static props",
                },
                {
                    selector: isClassWithout("template"),
                    message: "Component should declare static template",
                },
                {
                    selector: "CallExpression[callee.name='_t'] > :first-child[value=/(.*%s){2,}/]",
                    message: "Usage of _t function with multiple unnamed placeholders",
                },
            ],
            "no-unused-vars": ["error", { vars: "all", args: "none", caughtErrors: "all" }],
            "no-var": "error",
            "prefer-const": ["error", { destructuring: "all" }],
        },
    },
    {
        files: ["*.mjs"],
        languageOptions: { ecmaVersion: 2022, sourceType: "module", globals: { URL: "readonly" } },
    },
];
