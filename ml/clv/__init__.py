"""Customer lifetime value: how often customers will buy again, what a purchase is worth, and what both are worth today.

Time is in days everywhere; other units work as long as all times of a call share one. The words are the papers':
x repeat purchases (days with a purchase after the first: several orders of a day are one purchase), t_x the time from
the first purchase to the last, T the time from the first purchase to the as-of date.
"""
