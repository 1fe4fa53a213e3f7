#!/usr/bin/env python3
"""Fifty questions about the files of data/, and what a spreadsheet would answer: written with Python's csv module and
nothing of Atrium's. `python3 pairs.py` writes pairs.json, which tests/pairs.rs reads.

Each expectation says how the figures are drawn, the labels in their order, and the series with one value a label."""

import csv
import datetime as dt
import io
import json
import math
import pathlib

HERE = pathlib.Path(__file__).parent


def load(name):
    raw = (HERE / "data" / name).read_bytes()
    text = raw.decode("cp1252" if name == "staff.csv" else "utf-8-sig")
    if text.startswith("sep="):
        text = text.split("\n", 1)[1]
    delimiter = {"umsatz.csv": ";", "expenses.csv": ";", "survey.tsv": "\t", "energy.csv": "|"}.get(name, ",")
    return [{k: v.strip() for k, v in row.items()} for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)]


SALES, UMSATZ, WEATHER = load("sales.csv"), load("umsatz.csv"), load("weather.csv")
SURVEY, ACCESS, STAFF = load("survey.tsv"), load("access.csv"), load("staff.csv")
ENERGY, PEOPLE, SPENT, TICKETS = load("energy.csv"), load("population.csv"), load("expenses.csv"), load("tickets.csv")


def num(text):
    """Point for decimals."""
    text = text.replace("$", "").replace("€", "").replace(",", "").strip()
    if text in ("", "NA", "n/a"):
        return None
    return -float(text[1:-1]) if text.startswith("(") else float(text)


def komma(text):
    return float(text.replace(".", "").replace(",", ".")) if text else None


def mean(values):
    return math.fsum(values) / len(values)


def total(values):
    return math.fsum(values)


def groups(rows, key, value, how):
    """{key: figure}; rows without key or value do not count."""
    found = {}
    for row in rows:
        at, it = key(row), value(row)
        if at not in (None, "") and it not in (None, ""):
            found.setdefault(at, []).append(it)
    return {at: how(values) for at, values in found.items()}


def col(name):
    return lambda row: row[name]


def n(name, read=num):
    return lambda row: read(row[name])


def one(row):
    return 1


def day(name, pattern="%Y-%m-%d"):
    return lambda row: dt.datetime.strptime(row[name][: 10 if pattern == "%Y-%m-%d" else None], pattern).date() if row[name] else None


def month(get):
    return lambda row: get(row) and get(row).strftime("%Y-%m")


def year(get):
    return lambda row: get(row) and get(row).strftime("%Y")


def quarter(get):
    return lambda row: get(row) and f"{get(row).year}-Q{(get(row).month + 2) // 3}"


def week(get):
    return lambda row: get(row) and "%d-W%02d" % get(row).isocalendar()[:2]


def falling(found):
    return sorted(found.items(), key=lambda it: (-it[1], it[0]))


def rising(found):
    return sorted(found.items(), key=lambda it: (it[1], it[0]))


def timed(found):
    return sorted(found.items())


def by_number(found):
    return sorted(found.items(), key=lambda it: float(it[0]))


def in_order(names):
    return lambda found: sorted(found.items(), key=lambda it: names.index(it[0]))


MONTHS = "January February March April May June July August September October November December".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
PAIRS = []


def pair(file, question, kind, items):
    PAIRS.append({"file": file, "question": question, "kind": kind, "labels": [it[0] for it in items], "series": [[it[1] for it in items]]})


def refused(file, question, words):
    """No column, no value and no word that anybody could know."""
    PAIRS.append({"file": file, "question": question, "unknown": words})


def several(file, question, kind, labels, series):
    """series: {name: {label: value}}"""
    values = [[found.get(label) for label in labels] for found in series.values()]
    PAIRS.append({"file": file, "question": question, "kind": kind, "labels": labels, "names": list(series), "series": values})


sold = day("Order date")
pair("sales.csv", "Revenue by region", "bar", falling(groups(SALES, col("Region"), n("Revenue"), total)))
pair("sales.csv", "What is the average unit price per product?", "bar", falling(groups(SALES, col("Product"), n("Unit price"), mean)))
pair("sales.csv", "count by payment method", "bar", falling(groups(SALES, col("Payment method"), one, len)))
pair("sales.csv", "Show me monthly revenue", "line", timed(groups(SALES, month(sold), n("Revenue"), total)))
pair("sales.csv", "top 3 products by revenue", "bar", falling(groups(SALES, col("Product"), n("Revenue"), total))[:3])
pair("sales.csv", "Share of revenue by region", "pie", falling(groups(SALES, col("Region"), n("Revenue"), total)))
pair("sales.csv", "number of orders per status", "bar", falling(groups(SALES, col("Status"), one, len)))
pair("sales.csv", "total quantity by product where status is paid", "bar", falling(groups([r for r in SALES if r["Status"] == "Paid"], col("Product"), n("Quantity"), total)))
pair("sales.csv", "revenue per quarter in 2024", "line", timed(groups([r for r in SALES if r["Order date"].startswith("2024")], quarter(sold), n("Revenue"), total)))
cancelled = [r for r in SALES if r["Status"] == "Cancelled"]
pair("sales.csv", "cancelled orders by region", "bar", falling(groups(cancelled, col("Region"), one, len)))
both = {s: groups([r for r in SALES if r["Status"] == s], col("Region"), n("Quantity"), total) for s in ("Paid", "Open", "Cancelled")}
regions = [it[0] for it in falling({r: sum(b.get(r, 0) for b in both.values()) for r in ("North", "South", "East", "West")})]
several("sales.csv", "quantity by region and status", "bar", regions, dict(sorted(both.items(), key=lambda it: (-sum(it[1].values()), it[0]))))
pair("sales.csv", "highest revenue for each payment method", "bar", falling(groups(SALES, col("Payment method"), n("Revenue"), max)))

datum = day("Datum", "%d.%m.%Y")
pair("umsatz.csv", "Umsatz by Filiale", "bar", falling(groups(UMSATZ, col("Filiale"), n("Umsatz", komma), total)))
pair("umsatz.csv", "average Kunden per Warengruppe", "bar", falling(groups(UMSATZ, col("Warengruppe"), n("Kunden", komma), mean)))
pair("umsatz.csv", "Umsatz by month", "line", timed(groups(UMSATZ, month(datum), n("Umsatz", komma), total)))
pair("umsatz.csv", "Umsatz by Warengruppe in Köln", "bar", falling(groups([r for r in UMSATZ if r["Filiale"] == "Köln"], col("Warengruppe"), n("Umsatz", komma), total)))
pair("umsatz.csv", "minimum Umsatz by Filiale", "bar", falling(groups(UMSATZ, col("Filiale"), n("Umsatz", komma), min)))

when = day("date")
pair("weather.csv", "average temp_max_c by station", "bar", falling(groups(WEATHER, col("station"), n("temp_max_c"), mean)))
pair("weather.csv", "rainfall by month", "line", timed(groups(WEATHER, month(when), n("Rainfall (mm)"), total)))
pair("weather.csv", "How many rows had each of the conditions?", "bar", falling(groups(WEATHER, col("conditions"), one, len)))
pair("weather.csv", "maximum wind by month", "line", timed(groups(WEATHER, month(when), n("wind"), max)))
stations = {s: groups([r for r in WEATHER if r["station"] == s], month(when), n("temp_min_c"), mean) for s in ("Harbour", "Airport")}
labels = sorted(set().union(*stations.values()))
weight = {s: sum(abs(v) for v in found.values()) for s, found in stations.items()}
several("weather.csv", "mean temp_min_c by month and station", "line", labels, dict(sorted(stations.items(), key=lambda it: -weight[it[0]])))
pair("weather.csv", "rainfall by week at the harbour", "line", timed(groups([r for r in WEATHER if r["station"] == "Harbour"], week(when), n("Rainfall (mm)"), total)))

pair("survey.tsv", "average satisfaction by age group", "bar", falling(groups(SURVEY, col("Age group"), n("Satisfaction"), mean)))
pair("survey.tsv", "share of would recommend", "pie", falling(groups(SURVEY, col("Would recommend"), one, len)))
pair("survey.tsv", "number of respondents by gender", "bar", falling(groups(SURVEY, col("Gender"), one, len)))
pair("survey.tsv", "count by satisfaction", "bar", by_number(groups(SURVEY, lambda r: r["Satisfaction"] if num(r["Satisfaction"]) else None, one, len)))
pair("survey.tsv", "mean age of those who would recommend by gender where would recommend is yes", "bar", falling(groups([r for r in SURVEY if r["Would recommend"] == "Yes"], col("Gender"), n("Age"), mean)))

pair("access.csv", "average latency by host", "bar", falling(groups(ACCESS, col("host"), n("latency_ms"), mean)))
pair("access.csv", "top 2 paths by bytes", "bar", falling(groups(ACCESS, col("path"), n("bytes"), total))[:2])
pair("access.csv", "rows by hour", "line", timed(groups(ACCESS, lambda r: r["timestamp"][:13].replace("T", " ") + ":00", one, len)))
pair("access.csv", "number of rows by status", "bar", by_number(groups(ACCESS, col("status"), one, len)))
pair("access.csv", "count by host where status >= 500", "bar", falling(groups([r for r in ACCESS if int(r["status"]) >= 500], col("host"), one, len)))
pair("access.csv", "max latency_ms by method", "bar", falling(groups(ACCESS, col("method"), n("latency_ms"), max)))

hired = day("Hire Date", "%m/%d/%Y")
pair("staff.csv", "average salary by department", "bar", falling(groups(STAFF, col("Department"), n("Salary"), mean)))
pair("staff.csv", "Which city has the highest average salary?", "bar", falling(groups(STAFF, col("City"), n("Salary"), mean)))
pair("staff.csv", "salary by city for Engineering and Sales", "bar", falling(groups([r for r in STAFF if r["Department"] in ("Engineering", "Sales")], col("City"), n("Salary"), mean)))

wind_solar = {s: groups([r for r in ENERGY if r["Source"] == s], lambda r: r["Month"][:4], n("Output GWh"), total) for s in ("Wind", "Solar")}
years = ["2021", "2022", "2023"]
several("energy.csv", "yearly output by source for wind and solar", "line", years, dict(sorted(wind_solar.items(), key=lambda it: -sum(it[1].values()))))
pair("energy.csv", "cost over time", "line", timed(groups(ENERGY, col("Month"), n("Cost €"), total)))
parts = falling(groups(ENERGY, col("Source"), n("Output GWh"), total))
pair("energy.csv", "pie chart of output by source", "pie", parts[:7] + [("Other", total([it[1] for it in parts[7:]]))])
pair("energy.csv", "bottom 3 sources by cost", "bar", rising(groups(ENERGY, col("Source"), n("Cost €"), total))[:3])

pair("population.csv", "population by year", "bar", by_number(groups(PEOPLE, col("Year"), n("Population"), total)))
pair("population.csv", "top 5 countries by population in 2023", "bar", falling(groups([r for r in PEOPLE if r["Year"] == "2023"], col("Country"), n("Population"), total))[:5])
pair("population.csv", "total population by continent since 2010", "bar", falling(groups([r for r in PEOPLE if int(r["Year"]) >= 2010], col("Continent"), n("Population"), total)))

pair("expenses.csv", "amount by month", "bar", in_order(MONTHS)(groups(SPENT, col("Month"), n("Amount"), total)))
pair("expenses.csv", "total amount by category", "bar", falling(groups(SPENT, col("Category"), n("Amount"), total)))

pair("tickets.csv", "mean resolution hours by priority", "bar", falling(groups(TICKETS, col("priority"), n("resolutionHours"), mean)))
pair("tickets.csv", "tickets per weekday", "bar", in_order(DAYS)(groups(TICKETS, col("weekday"), one, len)))
pair("tickets.csv", "number of tickets by assignee excluding Bo", "bar", falling(groups([r for r in TICKETS if r["assignee"] != "Bo"], col("assignee"), one, len)))

refused("access.csv", "requests per path", ["requests"])
refused("staff.csv", "people hired per year", ["people", "hired"])
refused("staff.csv", "how many employees work in each department", ["employees", "work"])
refused("sales.csv", "profit margin by region", ["profit", "margin"])

pair("staff.csv", "number of rows per year", "line", timed(groups(STAFF, year(hired), one, len)))
pair("staff.csv", "lowest salary by city where remote is true", "bar", falling(groups([r for r in STAFF if r["Remote"] == "TRUE"], col("City"), n("Salary"), min)))
pair("sales.csv", "average revenue by region between 2023-03 and 2023-09", "bar", falling(groups([r for r in SALES if "2023-03" <= r["Order date"][:7] <= "2023-09"], col("Region"), n("Revenue"), mean)))
pair("sales.csv", "Breakdown of quantity by 'Payment method' for \"Desk, oak\"", "pie", falling(groups([r for r in SALES if r["Product"] == "Desk, oak"], col("Payment method"), n("Quantity"), total)))
pair("access.csv", "proportion of rows by method without GET", "pie", falling(groups([r for r in ACCESS if r["method"] != "GET"], col("method"), one, len)))
pair("expenses.csv", "compare the average amount across categories", "bar", falling(groups(SPENT, col("Category"), n("Amount"), mean)))
pair("tickets.csv", "worst 2 assignees by average resolutionHours", "bar", rising(groups(TICKETS, col("assignee"), n("resolutionHours"), mean))[:2])
pair("energy.csv", "Cost € per month since 2023 for coal", "line", timed(groups([r for r in ENERGY if r["Source"] == "Coal" and r["Month"] >= "2023"], col("Month"), n("Cost €"), total)))
pair("population.csv", "mean area by continent", "bar", falling(groups(PEOPLE, col("Continent"), n("Area km2"), mean)))
pair("umsatz.csv", "Kunden per week after February 2024", "line", timed(groups([r for r in UMSATZ if datum(r) >= dt.date(2024, 3, 1)], week(datum), n("Kunden", komma), total)))

if __name__ == "__main__":
    (HERE / "pairs.json").write_text(json.dumps(PAIRS, ensure_ascii=False, indent=1) + "\n")
    print(len(PAIRS))
