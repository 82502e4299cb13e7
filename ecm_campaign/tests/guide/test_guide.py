from odoo.tests import HttpCase, new_test_user, tagged

ROLES = ("agent", "supervisor", "administrator")


@tagged("post_install", "-at_install")
class TestGuide(HttpCase):
    """The guide in Odoo: for each role its parts, from each screen its chapter."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {role: cls.create_user(role) for role in ROLES}

    @classmethod
    def create_user(cls, role):
        group = f"ecm_campaign.ecm_campaign_group_{role}"
        return new_test_user(cls.env, login=f"ecm_guide_{role}", groups=group)

    def log_in(self, role):
        user = self.users[role]
        self.authenticate(user.login, user.login)

    def go(self, path, **options):
        return self.url_open(f"/ecm/guide{path}", **options)

    def find(self, role, screen):
        guide = self.env["ecm.guide"].with_user(self.users[role])
        return guide._find_chapter(screen)

    def test_a_page_with_the_parts_of_the_role(self):
        self.log_in("agent")
        response = self.go("/agent")
        self.assertEqual(response.status_code, 200)
        self.assertIn('<h2 id="your-desk">', response.text)
        self.assertIn("For agents", response.text)
        self.assertNotIn("For administrators", response.text)
        self.log_in("administrator")
        self.assertIn("For administrators", self.go("/agent").text)

    def test_it_asks_for_a_role(self):
        stranger = new_test_user(self.env, login="ecm_guide_stranger", groups="base.group_user")
        self.authenticate(stranger.login, stranger.login)
        for path in ("", "/agent", "/picture/desk.png"):
            self.assertEqual(self.go(path).status_code, 403, path)
        self.authenticate(None, None)
        for path in ("", "/agent", "/picture/desk.png"):
            answer = self.go(path, allow_redirects=False)
            self.assertIn("/web/login", answer.headers["Location"], path)

    def test_pictures(self):
        self.log_in("agent")
        response = self.go("/picture/campaigns.png")
        self.assertEqual(response.headers["Content-Type"], "image/png")
        self.assertTrue(response.content.startswith(b"\x89PNG"))

    def test_what_does_not_exist(self):
        self.log_in("agent")
        for path in (
            "/nothing",
            "/picture/nothing.png",
            "/..%2F..%2F__manifest__",
            "/picture/..%2F..%2Fstatic%2Fdescription%2Ficon.png",
        ):
            self.assertEqual(self.go(path).status_code, 404, path)

    def test_a_page_runs_nothing(self):
        self.log_in("agent")
        response = self.go("/glossary")
        self.assertIn("default-src 'none'", response.headers["Content-Security-Policy"])
        self.assertNotIn("<script", response.text)

    def test_from_a_screen_to_its_chapter(self):
        self.log_in("supervisor")
        answer = self.go("?at=/odoo/outbound-lists/7/action-12/new", allow_redirects=False)
        self.assertTrue(answer.headers["Location"].endswith("/ecm/guide/supervisor#lists"))
        answer = self.go("?at=/odoo/outbound-campaigns/7/outbound-lists", allow_redirects=False)
        self.assertTrue(answer.headers["Location"].endswith("/ecm/guide/supervisor#lists"))
        for foreign in ("", "?at=https://example.com/odoo/x", "?at=/odoo/crm"):
            answer = self.go(foreign, allow_redirects=False)
            self.assertTrue(answer.headers["Location"].endswith("/ecm/guide/supervisor"))

    def test_each_role_reads_its_own_part(self):
        self.assertEqual(self.find("agent", "outbound-contacts"), "agent#contacts-and-campaigns")
        self.assertEqual(self.find("agent", "outbound-strategies"), "agent")
        self.assertEqual(
            self.find("administrator", "outbound-contacts"), "supervisor#while-it-runs"
        )

    def test_every_screen_of_the_menu_has_a_chapter(self):
        root = self.env.ref("ecm_campaign.ecm_campaign_menu_root")
        menus = self.env["ir.ui.menu"].search([("id", "child_of", root.id)])
        chapters = self.env["ecm.guide"].with_user(self.users["administrator"])
        known = chapters._get_own_chapters()
        paths = {menu.action.path for menu in menus if menu.action and menu.action.path}
        self.assertGreater(len(paths), 20)
        self.assertFalse(paths - set(known), "Add these screens to _get_chapters of ecm.guide.")

    def test_an_empty_list_leads_to_its_chapter(self):
        action = self.env.ref("ecm_campaign.ecm_contact_list_action")
        link = 'href="/ecm/guide/supervisor#lists"'
        [read] = action.with_user(self.users["supervisor"]).sudo().read(["help"])
        self.assertEqual(read["help"].count(link), 1)
        [read] = action.with_user(self.users["agent"]).sudo().read(["help"])
        self.assertNotIn(link, read["help"])
        # The text that is stored is as it was.
        self.assertNotIn("guide", action.help)

    def test_titles_follow_the_language(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.users["agent"].lang = "ar_001"
        self.log_in("agent")
        page = self.go("/agent").text
        self.assertIn('dir="rtl"', page)
        self.assertIn('<main lang="en" dir="ltr">', page)
