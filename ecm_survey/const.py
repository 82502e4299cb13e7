"""What the models and controllers of this module share."""

# Kind of a survey that is a script: Odoo's own roles for surveys do not see its answers.
SCRIPT = "ecm_script"
# What a link to a script is signed for.
SCOPE = "ecm_survey.script"
# And what says that a browser may fill in a sheet.
SHEET_SCOPE = "ecm_survey.sheet"
# A link that the screen pop or the gadget hands out opens the script for so long.
LINK_HOURS = 1
# A browser that has opened a script may fill it in for so long.
GRANT_HOURS = 12
# A script is filled in during its call, or soon after it: the dialer may be faster than its agent.
FILLED_HOURS = 24
