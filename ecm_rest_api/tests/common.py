import json

from odoo.tests import HttpCase, tagged

from ..const import ROOT
from ..models.ecm_api_key import LEASES
from odoo.addons.ecm_campaign.tests.common import CampaignCase


@tagged("post_install", "-at_install")
class ApiCase(HttpCase, CampaignCase):
    """A key that may do everything, and calls over HTTP with it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls.create_user("supervisor", login="ecm_api")
        cls.key, cls.secret = cls.create_key("Script")

    def setUp(self):
        super().setUp()
        # What another test has counted was rolled back.
        LEASES.clear()

    @classmethod
    def create_key(cls, name, *scopes, user=None, expires_at=False, **values):
        """:param scopes: codes; none: every scope
        :return: the key, and its secret
        """
        domain = [("code", "in", scopes)] if scopes else []
        user = user or cls.user
        return cls.env["ecm.api.key"]._make(
            {
                "name": name,
                "user_id": user.id,
                "company_id": user.company_id.id,
                "scope_ids": [(6, 0, cls.env["ecm.api.scope"].search(domain).ids)],
                **values,
            },
            expires_at,
        )

    def call(self, method, path, body=None, secret=None, headers=None, **options):
        """:param body: what JSON can write, or bytes
        :return: response of ``requests``
        """
        headers = {"Authorization": f"Bearer {secret or self.secret}", **(headers or {})}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        self.env.flush_all()
        response = self.opener.request(
            method, self.base_url() + ROOT + path, data=body, headers=headers, timeout=30, **options
        )
        self.env.invalidate_all()
        return response

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, body, **options):
        return self.call("POST", path, body, **options)

    def assertProblem(self, response, code, status, field=None):  # noqa: N802  as unittest
        """The answer is an error of this kind, in the shape that all have."""
        self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(response.headers["Content-Type"], "application/problem+json")
        problem = response.json()
        self.assertEqual(problem["type"], f"urn:ecm:problem:{code}")
        self.assertEqual(problem["status"], status)
        self.assertTrue(problem["title"])
        self.assertTrue(problem["detail"])
        self.assertEqual(problem.get("field"), field)
        return problem
