from datetime import date, datetime

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time

from ...tools.public_holidays import get_countries, get_holidays, get_regions
from ..hours import BERLIN, MONDAY, NEW_YORK, HoursCase


class TestHoursAndHolidays(HoursCase):
    """Supervisors keep calling hours and holidays (C4, U5, P1, P27)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supervisor = cls.create_user("supervisor")
        cls.hours = cls.env["ecm.calling.hours"].create({"name": "Sales"})
        cls.campaign.write(
            {"calling_hours_id": cls.hours.id, "tz": "Europe/Berlin", "keeps_region_rules": False}
        )

    def create_holiday(self, day, **values):
        return self.env["ecm.holiday"].create(
            {"name": "Closed", "hours_id": self.hours.id, "date_from": day, **values}
        )

    def test_a_supervisor_sets_hours_with_a_break_and_a_holiday(self):
        form = Form(self.env["ecm.calling.hours"].with_user(self.supervisor))
        form.name = "Clinic"
        form.monday = "9-13, 14-18"
        self.assertEqual(form.monday, "09:00–13:00, 14:00–18:00")
        with form.holiday_ids.new() as holiday:
            holiday.name = "Opening day"
            holiday.date_from = date(2026, 3, 3)
        hours = form.save()
        self.campaign.with_user(self.supervisor).calling_hours_id = hours
        self.assertEqual(self.campaign.calling_hours_summary, hours.summary)
        noon, afternoon = datetime(2026, 3, 2, 12, 30), datetime(2026, 3, 2, 13)
        self.assertEqual(self.opening(noon).opens_at, afternoon)
        self.assertEqual(self.opening(MONDAY).closes_at, datetime(2026, 3, 2, 12))
        self.assertEqual(self.opening(datetime(2026, 3, 3, 10)).reason, "holiday")

    def test_a_holiday_is_a_date_of_whoever_is_called(self):
        self.create_holiday("2026-03-02")
        self.campaign.hours_zone = "contact"
        self.assertEqual(self.opening(MONDAY).opens_at, datetime(2026, 3, 3, 8))
        self.assertEqual(self.opening(MONDAY, number=NEW_YORK).opens_at, datetime(2026, 3, 3, 14))
        # 2 March begins in New York while Berlin's is well on.
        self.campaign.calling_hours_id.sunday = "0-24"
        self.assertTrue(self.opening(datetime(2026, 3, 2, 4, 30), number=NEW_YORK).is_open)

    def test_what_is_changed_holds_at_once(self):
        holiday = self.create_holiday("2026-03-02", date_to="2026-03-04")
        self.assertEqual(self.opening(MONDAY).opens_at, datetime(2026, 3, 5, 8))
        holiday.date_to = "2026-03-02"
        self.assertEqual(self.opening(MONDAY).opens_at, datetime(2026, 3, 3, 8))
        holiday.unlink()
        self.assertTrue(self.opening(MONDAY).is_open)
        self.hours.monday = "12-13"
        self.assertEqual(self.opening(MONDAY).opens_at, datetime(2026, 3, 2, 11))
        self.hours.monday = False
        self.assertEqual(self.opening(MONDAY).opens_at, datetime(2026, 3, 3, 8))

    def test_a_holiday_that_moves_opens_its_old_hours(self):
        other = self.env["ecm.calling.hours"].create({"name": "Other"})
        holiday = self.create_holiday("2026-03-02")
        holiday.hours_id = other
        self.assertTrue(self.opening(MONDAY).is_open)
        self.campaign.calling_hours_id = other
        self.assertEqual(self.opening(MONDAY).reason, "holiday")

    def test_windows_over_midnight_go_on_the_next_day(self):
        self.hours.write({"sunday": "22-2", "monday": False})
        night = datetime(2026, 3, 2, 0, 30)
        self.assertEqual(self.opening(night).closes_at, datetime(2026, 3, 2, 1))

    def test_hours_that_cannot_be_read_are_named_with_how_to_write_them(self):
        with self.assertRaisesRegex(ValidationError, "from nine.*09:00–13:00, 14:00–20:00"):
            self.hours.monday = "from nine"
        form = Form(self.hours)
        form.monday = "nine"
        with self.assertRaises(ValidationError):
            form.save()

    def test_alike_days_are_told_together(self):
        self.assertEqual(self.hours.summary, "Mon–Sat 09:00–20:00; Sun closed")
        self.hours.wednesday = "9-12"
        self.hours.action_copy_monday()
        self.assertEqual(self.hours.wednesday, "09:00–20:00")

    def test_a_copy_has_its_own_holidays_and_calendar(self):
        self.create_holiday("2026-03-02")
        copy = self.hours.copy()
        self.assertEqual(copy.name, "Sales (copy)")
        self.assertNotEqual(copy.calendar_id, self.hours.calendar_id)
        self.hours.holiday_ids.unlink()
        self.campaign.calling_hours_id = copy
        self.assertEqual(self.opening(MONDAY).reason, "holiday")

    def test_hours_that_campaigns_use_are_not_deleted(self):
        with self.assertRaisesRegex(UserError, "Sales"):
            self.hours.with_user(self.supervisor).unlink()
        self.campaign.calling_hours_id = False
        self.assertFalse(self.campaign.calendar_id)
        calendar = self.hours.calendar_id
        self.hours.with_user(self.supervisor).unlink()
        self.assertFalse(calendar.exists())

    def test_supervisors_get_no_right_on_calendars_of_hr(self):
        calendar = self.env["resource.calendar"].create({"name": "HR", "tz": "Europe/Berlin"})
        line = calendar.attendance_ids[:1]
        own = self.env["ecm.calling.hours"].with_user(self.supervisor)
        for steal in (
            lambda: own.create({"name": "x", "calendar_id": calendar.id}),
            lambda: self.hours.with_user(self.supervisor).write({"calendar_id": calendar.id}),
            lambda: calendar.with_user(self.supervisor).write({"name": "x"}),
            lambda: line.with_user(self.supervisor).write({"hour_from": 1}),
        ):
            with self.assertRaises(AccessError):
                steal()
        self.assertFalse(own.search([("calendar_id", "=", calendar.id)]))

    def test_a_calendar_that_code_gave_a_campaign_is_shown_as_it_is(self):
        calendar = self.create_calendar()
        self.campaign.calendar_id = calendar
        self.assertFalse(self.campaign.calling_hours_id)

    def test_campaigns_are_found_by_their_hours(self):
        campaigns = self.env["ecm.campaign"]
        for domain in (
            [("calling_hours_id", "=", self.hours.id)],
            [("calling_hours_id", "ilike", "sale")],
        ):
            self.assertEqual(campaigns.search(domain), self.campaign)
        self.campaign.calling_hours_id = False
        self.assertIn(self.campaign, campaigns.search([("calling_hours_id", "=", False)]))
        self.assertNotIn(self.campaign, campaigns.search([("calling_hours_id", "!=", False)]))
        self.env.invalidate_all()
        self.assertEqual(self.hours.campaign_count, 0)

    def test_agents_read_and_change_nothing(self):
        agent = self.create_user("agent")
        self.create_holiday("2026-03-02")
        self.hours.with_user(agent).read(["summary", "next_holiday", "campaign_count"])
        for records in (self.hours, self.hours.holiday_ids):
            with self.assertRaises(AccessError):
                records.with_user(agent).write({"name": "x"})

    def test_hours_of_another_company_are_out_of_reach(self):
        company = self.env["res.company"].create({"name": "Other"})
        hours = self.env["ecm.calling.hours"].create({"name": "x", "company_id": company.id})
        holiday = self.env["ecm.holiday"].create(
            {"name": "x", "hours_id": hours.id, "date_from": "2026-01-01"}
        )
        for record in (hours, holiday):
            with self.assertRaises(AccessError):
                record.with_user(self.supervisor).read(["name"])

    def test_the_shipped_hours_stand_above_the_shipped_calendar(self):
        hours = self.env.ref("ecm_campaign.ecm_calling_hours_default")
        calendar = self.env.ref("ecm_campaign.resource_calendar_calling_hours")
        self.assertEqual(hours.calendar_id, calendar)
        self.assertEqual(len(calendar.attendance_ids), 6)
        campaign = self.env["ecm.campaign"].new({"calendar_id": calendar.id})
        self.assertEqual(campaign.calling_hours_id, hours)


@freeze_time("2026-02-01")
class TestPublicHolidays(HoursCase):
    """A country's public holidays are loaded once, after a look at them (C4, P1)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supervisor = cls.create_user("supervisor")
        cls.hours = cls.env["ecm.calling.hours"].create([{"name": "North"}, {"name": "South"}])

    def open_load(self, **values):
        loads = self.env["ecm.holiday.load"].with_user(self.supervisor)
        form = Form(loads.with_context(default_hours_ids=self.hours.ids))
        form.country_id = self.env.ref("base.de")
        form.year_from, form.year_to = 2026, 2027
        for name, value in values.items():
            form[name] = value
        return form

    def test_a_countrys_holidays_are_shown_and_loaded(self):
        form = self.open_load()
        load = form.save()
        self.assertEqual(len(load.line_ids), 18)
        self.assertIn((date(2026, 1, 1), "New Year's Day"), self.get_lines(load))
        load.action_load()
        for hours in self.hours:
            self.assertEqual(len(hours.holiday_ids), 18)
            self.assertEqual(len(hours.calendar_id.leave_ids), 18)
        self.assertIn("Good Friday", self.hours[0].next_holiday)

    def get_lines(self, load):
        return [(line.date, line.name) for line in load.line_ids]

    def test_a_regions_holidays_come_on_top(self):
        bavaria = self.env["ecm.holiday.region"].search(
            [("country_id.code", "=", "DE"), ("code", "=", "BY")]
        )
        self.assertEqual(bavaria.name, "Bayern")
        load = self.open_load(region_id=bavaria).save()
        self.assertIn((date(2026, 1, 6), "Epiphany"), self.get_lines(load))
        # Another country has none of its regions.
        form = self.open_load(region_id=bavaria)
        form.country_id = self.env.ref("base.fr")
        self.assertFalse(form.region_id)

    def test_loading_again_makes_no_doubles(self):
        self.open_load(year_to=2026).save().action_load()
        by_hand = {"name": "Shut", "date_from": "2027-01-01", "date_to": "2027-01-05"}
        self.hours[0].holiday_ids = [Command.create(by_hand)]
        again = self.open_load().save()
        self.assertEqual(len(again.line_ids.filtered("is_known")), 9)
        self.assertEqual(again.new_count, 9)
        again.action_load()
        self.assertEqual(len(self.hours[0].holiday_ids), 9 + 1 + 8)
        self.assertEqual(len(self.hours[1].holiday_ids), 18)
        with self.assertRaisesRegex(UserError, "no new holiday"):
            self.open_load().save().action_load()

    def test_what_is_not_chosen_is_not_loaded(self):
        form = self.open_load(year_to=2026)
        with form.line_ids.edit(0) as line:
            line.is_chosen = False
        load = form.save()
        self.assertEqual(load.new_count, 8)
        load.action_load()
        self.assertNotIn("New Year's Day", self.hours[0].holiday_ids.mapped("name"))

    def test_years_that_make_no_sense_show_nothing(self):
        for years in ({"year_from": 2028}, {"year_from": 2000}, {"year_to": 9999}):
            self.assertFalse(self.open_load(**years).save().line_ids)

    def test_every_country_and_region_has_holidays_with_names(self):
        for country in sorted(get_countries()):
            regions = get_regions(country)
            for region in (None, *[part.code for part in regions[:2]]):
                for holiday in get_holidays(country, region, 2026, 2026, "en_US"):
                    self.assertTrue(holiday.name)
                    self.assertEqual(holiday.day.year, 2026)
        self.assertFalse(get_holidays("XX", None, 2026, 2026))

    def test_names_are_in_the_users_language_where_there_are_any(self):
        (first, *_rest) = get_holidays("DE", None, 2026, 2026, "de_DE")
        self.assertEqual(first.name, "Neujahr")
        (first, *_rest) = get_holidays("DE", None, 2026, 2026, "fr_FR")
        self.assertEqual(first.name, "New Year's Day")
        self.assertEqual(BERLIN[:3], "+49")
