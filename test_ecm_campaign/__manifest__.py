{
    "name": "Outbound Campaigns: Tests",
    "version": "19.0.1.0.0",
    "summary": "Channels and a gate that only tests use",
    "category": "Hidden/Tests",
    "author": "Outbound Campaign Manager founders",
    "license": "LGPL-3",
    "depends": ["ecm_campaign"],
    "data": ["security/ir.model.access.csv"],
}
