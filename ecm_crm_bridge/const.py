SUPERVISOR = "ecm_campaign.ecm_campaign_group_supervisor"
AGENT = "ecm_campaign.ecm_campaign_group_agent"
LAUNCH = "ecm_crm_bridge.ecm_crm_bridge_group_launch"

# The column of a contact that leads back to a record of each model.
LINKS = {"crm.lead": "lead_id", "res.partner": "partner_id"}
# Who may know what campaigns have done on the records that they see.
SALES = f"{AGENT},{LAUNCH},sales_team.group_sale_salesman"
