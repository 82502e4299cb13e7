{
    "name": "Outbound Campaigns: Import Sources",
    "version": "19.0.1.1.0",
    "summary": "Import contacts from shared folders (local, SFTP, SMB and others) and from databases, on an interval",
    "category": "Marketing/Outbound Campaigns",
    "author": "Outbound Campaign Manager founders",
    "license": "LGPL-3",
    "depends": ["ecm_campaign", "fs_storage"],
    "external_dependencies": {"python": ["fsspec", "paramiko", "s3fs", "smbprotocol", "pyodbc"]},
    "data": [
        "security/ir.model.access.csv",
        "security/ecm_import_source_rules.xml",
        "data/ir_cron_data.xml",
        "views/ecm_import_file_views.xml",
        "views/ecm_import_source_views.xml",
        "views/ecm_import_source_menus.xml",
    ],
    "demo": ["demo/ecm_import_source_demo.xml"],
}
