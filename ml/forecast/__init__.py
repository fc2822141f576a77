"""Forecasts of sales and demand: methods over many series at once, backtests, champions, intervals, totals that add
up.

Every method takes all series as one array and works along time, so that a step of NumPy serves thousands of series.
The conventions are the same everywhere:

- `values` has the shape (series, periods): days or weeks, oldest first; NaN before a series' first sale, then no gap.
- An origin is the number of periods that are known: the forecast for origin o is made of `values[:, :o]` and nothing
  else, and tells the periods o, o + 1, ..., o + horizon - 1.
- A method returns the shape (origins, series, horizon); NaN where the series is too short for it.
"""
