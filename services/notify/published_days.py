"""Working days as chinesecalendar has them; Monday to Friday in a year that it does not know."""

from datetime import date, timedelta

from services.schedule.period import is_published, is_working

ONE_DAY = timedelta(days=1)


class PublishedDays:
    """The days on which offices work (`gathering.WorkingDays`)."""

    def is_working(self, day: date) -> bool:
        return is_working(day)

    def after(self, day: date, n: int) -> date:
        for _ in range(n):
            day += ONE_DAY
            while not is_working(day):
                day += ONE_DAY
        return day

    def known(self, year: int) -> bool:
        return is_published(year)
