"""What the columns of the forecasts' models mean."""

from __future__ import annotations

from ml.forecast.candidates import CANDIDATES

_SERIES = {
    "source": "The shop.",
    "currency": "Currency of the amounts, ISO 4217.",
    "category": "Category of the product; all for all of them together.",
}
_KNOWN = {
    "as_of_date": "The last order_date of the source: nothing later was known.",
    "data_fingerprint": "A hash of the rows that were read: the same data has the same fingerprint.",
}
_STORE = {
    "source": "The shop.",
    "product_id": "The product's natural key.",
    "channel": "Where it is sold: web, marketplace, store.",
    "store_key": "The store that sells; Unknown where none does, as on the web.",
}
CANDIDATE_DESCRIPTIONS = {
    **_SERIES,
    "origin_date": "The first day that was not known to the forecast.",
    "sales_date": "The day that is forecast.",
    "actual_amount": "Net revenue of the day; empty where it is still to come.",
    **{f"{name}_amount": f"Forecast of the method {name}; empty where it has none." for name in CANDIDATES},
    "scale_amount": (
        "Root mean squared difference from week to week before the origin: what errors are divided by. Not "
        "additive."
    ),
    "train_days": "Days of the source before the origin.",
    "season_strength": (
        "Strength of the weekly season, 0 none to 1 nothing else (STL, all days). Not additive."
    ),
    "noise_p_value": (
        "Chance that what trend and season leave is noise (Ljung-Box over two weeks). Not additive."
    ),
    **_KNOWN,
}
SALES_FORECAST_DESCRIPTIONS = {
    **_SERIES,
    "period_kind": "day, or week from Monday to Sunday. Never add the two.",
    "period_start_date": "The day, or the Monday of the week.",
    "origin_date": "The first day that was not known to the forecast.",
    "is_backtest": "The period is over: what would have been served at origin_date, by what was known then.",
    "method": "The method that the series' forecast comes from; none where nothing was sold yet.",
    "forecast_amount": (
        "Expected net revenue, after the categories were drawn to the forecast of all together."
    ),
    "low_80_amount": (
        "Four in five periods end above this bound and below high_80_amount; not below zero. Empty where no "
        "errors are known. Not additive."
    ),
    "high_80_amount": "Upper bound of the 80 % interval. Not additive.",
    "low_90_amount": "Lower bound of the 90 % interval; not below zero. Not additive.",
    "high_90_amount": "Upper bound of the 90 % interval. Not additive.",
    "baseline_amount": "What the naive method says: the same day of the last week known.",
    "as_of_date": _KNOWN["as_of_date"],
    "note": "What to keep in mind: new, too short, baseline served. Empty where there is nothing to say.",
}
SALES_CHAMPION_DESCRIPTIONS = {
    **_SERIES,
    "method": "The method that is served.",
    "relative_error": (
        "Its cumulative scaled error by that of the middle method, drawn to the source's series: below 1 is "
        "better. Not additive."
    ),
    "baseline_method": "The naive method.",
    "baseline_relative_error": "The naive method's error, measured the same way. Not additive.",
    "is_baseline_served": "The naive method is served: nothing was better.",
    "method_errors": "Each method's error, measured the same way, as JSON.",
    "window_count": "Windows of the backtest that the errors come from.",
    "train_days": "Days of the source before today's origin.",
    "season_strength": CANDIDATE_DESCRIPTIONS["season_strength"],
    "noise_p_value": CANDIDATE_DESCRIPTIONS["noise_p_value"],
    "as_of_date": _KNOWN["as_of_date"],
    "note": SALES_FORECAST_DESCRIPTIONS["note"],
}
DEMAND_CHAMPION_DESCRIPTIONS = {
    **_STORE,
    "demand_class": (
        "new (known for under 8 weeks), smooth, erratic, intermittent or lumpy, by interval and size of "
        "sales."
    ),
    "is_active": "It sold in the last forecast_active_weeks (config.yaml), so that it is forecast.",
    "method": "The method that is served; none where nothing is.",
    "relative_error": (
        "Its squared cumulative scaled error by that of the middle method, drawn to the series' class: "
        "below 1 is better. Not additive."
    ),
    "is_baseline_served": "The window average is served.",
    "width_80_units": "Half width of the 80 % interval of a week. Not additive.",
    "width_90_units": "Half width of the 90 % interval of a week. Not additive.",
    "window_count": "Windows of the backtest.",
    "train_weeks": "Weeks from the first sale to today's origin.",
    "judged_week_count": "Weeks of the judged windows for which an interval was known.",
    "inside_80_count": "Of these, weeks inside the 80 % interval.",
    "inside_90_count": "Of these, weeks inside the 90 % interval.",
    "actual_units": "Units sold in the judged windows.",
    "forecast_units": "What was forecast for them.",
    "baseline_units": "What the window average forecast for them.",
    "rmsse": "Root mean squared scaled error of the weeks, mean over the judged windows. Not additive.",
    "baseline_rmsse": "The same of the window average. Not additive.",
    "champion_error": (
        "Squared cumulative scaled error of what was served, mean over the judged windows. Not additive."
    ),
    **{f"{name}_error": f"The same of the method {name}. Not additive." for name in CANDIDATES},
    "cut_date": "The first day of the judged windows; empty where there is none.",
    "origin_date": "The Monday from which on nothing was known.",
    "first_week_date": "The Monday of the first week that is served.",
    "week_units": (
        "Units forecast for that week and each one after it; empty where nothing is served. "
        "ml.product_demand_forecast has them by week."
    ),
    "recent_units": "Mean units per week of the last 8 weeks known. Not additive over weeks.",
    **_KNOWN,
    "note": SALES_FORECAST_DESCRIPTIONS["note"],
}
DEMAND_FORECAST_DESCRIPTIONS = {
    **_STORE,
    "week_start_date": "The Monday of the week.",
    "method": "The method that the forecast comes from.",
    "forecast_units": (
        "Expected units sold in the week; not rounded. Adds up over products, stores and weeks."
    ),
    "low_80_units": (
        "Lower bound of the 80 % interval; not below zero. Empty where no errors are known. Not additive."
    ),
    "high_80_units": "Upper bound of the 80 % interval. Not additive.",
    "low_90_units": "Lower bound of the 90 % interval; not below zero. Not additive.",
    "high_90_units": "Upper bound of the 90 % interval. Not additive.",
    "recent_units": "Mean units per week of the last 8 weeks known. Not additive over weeks.",
    "demand_class": DEMAND_CHAMPION_DESCRIPTIONS["demand_class"],
    "origin_date": "The Monday from which on nothing was known.",
    "as_of_date": _KNOWN["as_of_date"],
    "note": SALES_FORECAST_DESCRIPTIONS["note"],
}
